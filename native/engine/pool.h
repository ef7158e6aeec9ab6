#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace gemmfit {

// A job's stages as its team sees them. The leader publishes a stage; whoever is free takes tasks of it: the leader from the first on,
// helpers from the last back, so that in each step a thread comes upon the data that its own cache holds from the step before.
// Threads: the leader calls `open`, `run`, `close`; helpers call `help`. A helper that holds a task finishes it before the next stage
// can begin.
class Team {
 public:
  using TaskFunction = void (*)(void* context, int stage, int64_t task);
  Team(TaskFunction f, void* context) : function_(f), context_(context) {}

  // Runs all tasks of a stage; returns when every one has ended: the seconds that the leader had nothing to do but wait.
  double run(int stage, int64_t tasks);
  // Helps until the team is closed or `leave` says so. Returns false when it was closed.
  bool help(const std::function<bool()>& leave);
  // Between the two there are tasks for others.
  void open();
  void close() { open_.store(false, std::memory_order_release); }
  bool isOpen() const { return open_.load(std::memory_order_acquire); }

  std::atomic<int> helpers{0};

 private:
  // Whether help is worth having, judged every few milliseconds. On a busy machine a helper that loses its core in the middle of a task
  // keeps the leader waiting for longer than the task takes; then the leader goes on alone for a while, and tries again.
  bool alone();
  void judge(double gained, double waited, double now);
  double gained_ = 0, waited_ = 0, judgedAt_ = 0, aloneUntil_ = 0, pause_ = 0;  // seconds; the leader's own
  // The tasks left, from the low half up to the high half: one word, so that a claim is one compare-and-swap.
  std::atomic<uint64_t> ticket_{0};
  std::atomic<int64_t> done_{0};
  std::atomic<bool> open_{false};
  std::atomic<int> stage_{0};
  TaskFunction function_;
  void* context_;
  bool take(bool first, int64_t* task);
};

// Work for the pool: `run` executes on a pool thread, which leads it; others may join its team meanwhile.
class Job {
 public:
  virtual ~Job() = default;
  virtual void run() = 0;
  virtual void stop() {}                         // asks it to end soon; any thread
  virtual Team* team() { return nullptr; }       // always the same; null: nobody can help
  virtual bool serves() const { return false; }  // somebody waits for it: it does not wait for the end of a training
};

// One pool for the process. Jobs wait in order; a job alone spreads its tasks over all threads, many jobs take a thread each. Where all
// threads lead trainings, which may last, one more takes the jobs that serve: it and they share the processor's time.
class Pool {
 public:
  static Pool& instance();
  void submit(std::shared_ptr<Job> job);
  void invite();  // a running job has begun to have tasks for others
  bool hasIdle() const { return idle_.load(std::memory_order_relaxed) > 0; }
  bool cancel(const std::shared_ptr<Job>& job);  // true when it had not begun, and now never will
  int threads();                                 // as set, or physical cores allowed to this process
  void setThreads(int count);                    // 1..256; takes effect for the tasks that begin after it
  // Ends all jobs and waits for them: at exit(), before libraries that tasks call take themselves down.
  void quiesce();

 private:
  Pool();
  void work();
  void serve();
  void lead(std::unique_lock<std::mutex>& lock, std::deque<std::shared_ptr<Job>>::iterator job);
  void ensureWorkers();
  std::shared_ptr<Job> joinable();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::shared_ptr<Job>> queue_;
  std::vector<std::shared_ptr<Job>> running_;
  std::vector<std::thread> threads_;
  std::atomic<int> queued_{0}, idle_{0};  // idle: threads that have found a team without tasks, and sleep
  std::atomic<int> limit_;
  bool closing_ = false;
  int busy_ = 0;                           // threads that lead or help, but the one that serves
  int leading_ = 0;                        // of them
  bool server_ = false, serving_ = false;  // whether there is one that serves, and whether it does
};

}  // namespace gemmfit
