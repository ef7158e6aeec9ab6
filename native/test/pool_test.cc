#include "native/engine/pool.h"

#include <gtest/gtest.h>

#include <future>
#include <numeric>

namespace gemmfit {
namespace {

// Adds up task numbers over many stages: wrong sums show tasks run twice, never, or in the wrong stage.
class SumJob : public Job {
 public:
  SumJob(int stages, int64_t tasks, int reopens = 1000)
      : stages_(stages), tasks_(tasks), reopens_(reopens), counts_(static_cast<size_t>(tasks)), team_(task, this) {}
  void run() override {
    team_.open();
    for (int s = 0; s < stages_; ++s) {
      stage_ = s;
      team_.run(s, 1 + (s * 7) % tasks_);
      if (s % reopens_ != 0) continue;
      team_.close();
      team_.open();
      Pool::instance().invite();
    }
    team_.close();
    done.set_value();
  }
  Team* team() override { return &team_; }
  int64_t total() const {
    int64_t sum = 0;
    for (const auto& c : counts_) sum += c;
    return sum;
  }
  std::promise<void> done;
  std::atomic<bool> wrongStage{false};

 private:
  static void task(void* context, int stage, int64_t index) {
    auto* self = static_cast<SumJob*>(context);
    if (stage != self->stage_) self->wrongStage = true;
    ++self->counts_[static_cast<size_t>(index)];  // one task a stage has this index: no two threads write it at once
  }
  int stages_;
  int64_t tasks_;
  int reopens_;
  int stage_ = 0;
  std::vector<int64_t> counts_;
  Team team_;
};

int64_t expected(int stages, int64_t tasks) {
  int64_t sum = 0;
  for (int s = 0; s < stages; ++s) sum += 1 + (s * 7) % tasks;
  return sum;
}

TEST(Pool, RunsEveryTaskOfEveryStageOnce) {
  for (const int threads : {1, 2, 5}) {
    Pool::instance().setThreads(threads);
    auto job = std::make_shared<SumJob>(3000, 9);
    auto done = job->done.get_future();
    Pool::instance().submit(job);
    done.get();
    EXPECT_EQ(job->total(), expected(3000, 9));
    EXPECT_FALSE(job->wrongStage);
  }
}

// Helpers look for work while a team closes and opens, and while jobs end.
TEST(Pool, HelpersComeAndGo) {
  Pool::instance().setThreads(4);
  for (int i = 0; i < 300; ++i) {
    auto job = std::make_shared<SumJob>(20, 3, 1 + i % 3);
    auto done = job->done.get_future();
    Pool::instance().submit(job);
    done.get();
    EXPECT_EQ(job->total(), expected(20, 3));
    EXPECT_FALSE(job->wrongStage);
  }
}

TEST(Pool, RunsManyJobsAtOnce) {
  Pool::instance().setThreads(3);
  std::vector<std::shared_ptr<SumJob>> jobs;
  std::vector<std::future<void>> ends;
  for (int i = 0; i < 40; ++i) {
    jobs.push_back(std::make_shared<SumJob>(200, 5));
    ends.push_back(jobs.back()->done.get_future());
    Pool::instance().submit(jobs.back());
  }
  for (auto& e : ends) e.get();
  for (const auto& j : jobs) EXPECT_EQ(j->total(), expected(200, 5));
}

class BlockedJob : public Job {
 public:
  void run() override {
    started.set_value();
    go.get_future().get();
    ended.set_value();
  }
  std::promise<void> started, go, ended;
};

TEST(Pool, CancelsOnlyWhatHasNotBegun) {
  Pool::instance().setThreads(1);
  auto first = std::make_shared<BlockedJob>();
  auto started = first->started.get_future();
  auto ended = first->ended.get_future();
  Pool::instance().submit(first);
  started.get();
  auto second = std::make_shared<SumJob>(1, 1);
  Pool::instance().submit(second);
  EXPECT_FALSE(Pool::instance().cancel(first));
  EXPECT_TRUE(Pool::instance().cancel(second));
  first->go.set_value();
  ended.get();
  EXPECT_EQ(second->total(), 0);
}

}  // namespace
}  // namespace gemmfit
