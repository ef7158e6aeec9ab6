#include "native/engine/pool.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <set>
#include <string>

#include "native/engine/error.h"
#include "native/engine/subnormals.h"

#if defined(__linux__)
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif
#if defined(__x86_64__) || defined(_M_X64)
#include <immintrin.h>
#endif

namespace gemmfit {
namespace {

inline void pause() {
#if defined(__x86_64__) || defined(_M_X64)
  _mm_pause();
#elif defined(__aarch64__) && defined(__GNUC__)
  asm volatile("yield");
#endif
}

// Between two stages a helper spins for a while, then sleeps until it is asked for; a leader spins, then naps. Neither yields: to a
// scheduler that counts in long slices a yield gives a whole one away.
constexpr double kIdle = 100e-6;
constexpr auto kNap = std::chrono::microseconds(20);
constexpr int kSpinsAtOnce = 64;  // between two looks at the clock
// What waking a sleeper costs the leader.
constexpr double kWakeCost = 5e-6;
constexpr double kJudgeEvery = 2e-3, kShortestPause = 10e-3, kLongestPause = 300e-3;

double secondsNow() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// Two threads of one core share its arithmetic units: counting both would only make them wait for each other.
int physicalCores() {
  int allowed = static_cast<int>(std::thread::hardware_concurrency());
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) {
    std::set<std::string> cores;
    allowed = CPU_COUNT(&set);
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (!CPU_ISSET(cpu, &set)) continue;
      std::ifstream siblings("/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/thread_siblings_list");
      std::string line;
      if (!std::getline(siblings, line)) return std::max(1, allowed);
      cores.insert(line);
    }
    if (!cores.empty()) allowed = static_cast<int>(cores.size());
  }
#endif
  return std::max(1, allowed);
}

// Where all cores are busy, a thread that wakes (the event loop) waits for the next tick of the scheduler, 4 ms on many systems, unless
// the one that runs has asked for longer slices than its own. Linux from 6.12 on takes such wishes; before, it takes no notice.
void askForLongSlices() {
#if defined(__linux__) && defined(SYS_sched_setattr)
  struct {
    uint32_t size = 48, policy = SCHED_OTHER;
    uint64_t flags = 0;
    int32_t nice = 0;
    uint32_t priority = 0;
    uint64_t runtime = 100000000, deadline = 0, period = 0;  // nanoseconds
  } attributes;
  attributes.nice = getpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)));
  syscall(SYS_sched_setattr, 0, &attributes, 0);
#endif
}

constexpr int kMostThreads = 256;

int initialThreads() {
  const char* text = std::getenv("GEMMFIT_NUM_THREADS");
  if (!text || !*text) return physicalCores();
  const std::string given = text;
  const bool digits = given.size() <= 3 && given.find_first_not_of("0123456789") == std::string::npos;
  const int n = digits ? std::atoi(text) : 0;
  if (n < 1 || n > kMostThreads)
    throw Error("ERR_ENVIRONMENT", "GEMMFIT_NUM_THREADS in the environment must be a whole number from 1 to " +
                                       std::to_string(kMostThreads) + ". Received: '" + given.substr(0, 100) +
                                       "'. Unset it for as many threads as there are cores.");
  return n;
}

}  // namespace

bool Team::take(bool first, int64_t* task) {
  uint64_t seen = ticket_.load(std::memory_order_acquire);
  for (;;) {
    const uint64_t begin = seen & 0xffffffffu, end = seen >> 32;
    if (begin >= end) return false;
    const uint64_t left = first ? seen + 1 : seen - (uint64_t{1} << 32);
    if (ticket_.compare_exchange_weak(seen, left, std::memory_order_acq_rel, std::memory_order_acquire)) {
      *task = static_cast<int64_t>(first ? begin : end - 1);
      return true;
    }
  }
}

void Team::open() {
  gained_ = waited_ = 0;
  judgedAt_ = secondsNow();
  open_.store(true, std::memory_order_release);
}

bool Team::alone() {
  if (aloneUntil_ == 0) return false;
  if (secondsNow() < aloneUntil_) return true;
  aloneUntil_ = 0;
  open();
  Pool::instance().invite();
  return false;
}

void Team::judge(double gained, double waited, double now) {
  gained_ += gained;
  waited_ += waited;
  if (now - judgedAt_ < kJudgeEvery) return;
  if (waited_ > gained_) {
    pause_ = std::min(kLongestPause, std::max(kShortestPause, 2 * pause_));
    aloneUntil_ = now + pause_;
    close();
  } else {
    pause_ = 0;
  }
  gained_ = waited_ = 0;
  judgedAt_ = now;
}

double Team::run(int stage, int64_t tasks) {
  if (tasks == 1) {
    function_(context_, stage, 0);
    return 0;
  }
  if (alone()) {
    for (int64_t task = 0; task < tasks; ++task) function_(context_, stage, task);
    return 0;
  }
  stage_.store(stage, std::memory_order_relaxed);
  done_.store(0, std::memory_order_relaxed);
  ticket_.store(static_cast<uint64_t>(tasks) << 32, std::memory_order_release);
  const double begin = secondsNow();
  double waited = 0;
  if (Pool::instance().hasIdle()) {
    Pool::instance().invite();
    waited = kWakeCost;
  }
  int64_t task, own = 0;
  for (; take(true, &task); ++own) {
    function_(context_, stage, task);
    done_.fetch_add(1, std::memory_order_acq_rel);
  }
  const double end = secondsNow();
  if (own == tasks) {
    judge(0, waited, end);
    return 0;
  }
  // Only tasks that a helper is in the middle of remain.
  for (int spins = 1; done_.load(std::memory_order_acquire) != tasks; ++spins) {
    if (spins % kSpinsAtOnce == 0 && secondsNow() - end > kIdle)
      std::this_thread::sleep_for(kNap);
    else
      pause();
  }
  const double now = secondsNow();
  judge((end - begin) * static_cast<double>(tasks - own) / static_cast<double>(std::max<int64_t>(1, own)), waited + now - end, now);
  return now - end;
}

bool Team::help(const std::function<bool()>& leave) {
  int spins = 0;
  double idleSince = 0;
  for (;;) {
    int64_t task;
    if (take(false, &task)) {
      function_(context_, stage_.load(std::memory_order_relaxed), task);
      done_.fetch_add(1, std::memory_order_acq_rel);
      if (leave()) return true;  // a job that waits for a thread goes first: it may be a short one
      spins = 0;
      continue;
    }
    if (!isOpen()) return false;
    pause();
    if (++spins % kSpinsAtOnce != 0) continue;
    const double now = secondsNow();
    if (spins == kSpinsAtOnce) idleSince = now;
    if (leave() || now - idleSince > kIdle) return true;
  }
}

Pool& Pool::instance() {
  // Never destroyed: threads may still be in a job when the process ends.
  static Pool* pool = new Pool();
  return *pool;
}

Pool::Pool() : limit_(initialThreads()) {
  // process.exit() in Node runs no hooks of environments; what is left is exit() itself. OpenBLAS frees its memory there, later than
  // handlers that were registered after it was loaded.
  std::atexit([] { instance().quiesce(); });
}

void Pool::quiesce() {
  std::unique_lock<std::mutex> lock(mutex_);
  closing_ = true;
  for (const auto& job : running_) job->stop();
  wake_.notify_all();
  wake_.wait_for(lock, std::chrono::seconds(30), [this] { return busy_ == 0 && !serving_; });
}

int Pool::threads() { return limit_.load(); }

void Pool::setThreads(int count) {
  std::lock_guard<std::mutex> lock(mutex_);
  limit_.store(std::min(kMostThreads, std::max(1, count)));
  wake_.notify_all();
}

void Pool::submit(std::shared_ptr<Job> job) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (job->serves() && !server_) {
    server_ = true;
    std::thread([this] { serve(); }).detach();
  }
  queue_.push_back(std::move(job));
  queued_.fetch_add(1);
  ensureWorkers();
  wake_.notify_all();
}

void Pool::invite() {
  // Under the lock, so that a thread which has just found nothing to join is already waiting.
  std::lock_guard<std::mutex> lock(mutex_);
  wake_.notify_all();
}

bool Pool::cancel(const std::shared_ptr<Job>& job) {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto it = std::find(queue_.begin(), queue_.end(), job);
  if (it == queue_.end()) return false;
  queue_.erase(it);
  queued_.fetch_sub(1);
  return true;
}

void Pool::ensureWorkers() {
  while (static_cast<int>(threads_.size()) < limit_.load()) {
    threads_.emplace_back([this] { work(); });
    threads_.back().detach();
  }
}

// A running job that could use one more thread: the one with the fewest helpers.
std::shared_ptr<Job> Pool::joinable() {
  std::shared_ptr<Job> best;
  for (const auto& job : running_) {
    Team* team = job->team();
    if (team && team->isOpen() && (!best || team->helpers.load() < best->team()->helpers.load())) best = job;
  }
  return best;
}

void Pool::lead(std::unique_lock<std::mutex>& lock, std::deque<std::shared_ptr<Job>>::iterator at) {
  std::shared_ptr<Job> job = std::move(*at);
  queue_.erase(at);
  queued_.fetch_sub(1);
  running_.push_back(job);
  wake_.notify_all();
  lock.unlock();
  job->run();
  lock.lock();
  running_.erase(std::find(running_.begin(), running_.end(), job));
  lock.unlock();
  job.reset();  // outside the lock: it may free a network
  lock.lock();
}

void Pool::serve() {
  const FlushSubnormals flush;
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    const bool full = leading_ >= limit_.load();  // else a thread that helps comes as soon as its task is done
    const auto job =
        full && !closing_ ? std::find_if(queue_.begin(), queue_.end(), [](const auto& j) { return j->serves(); }) : queue_.end();
    if (job == queue_.end()) {
      wake_.wait(lock);
      continue;
    }
    serving_ = true;
    lead(lock, job);
    serving_ = false;
    wake_.notify_all();
  }
}

void Pool::work() {
  askForLongSlices();
  const FlushSubnormals flush;
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    if (closing_ || busy_ >= limit_.load()) {
      wake_.wait(lock);
      continue;
    }
    if (!queue_.empty()) {
      ++busy_;
      ++leading_;
      lead(lock, queue_.begin());
      --leading_;
      --busy_;
      wake_.notify_all();
      continue;
    }
    if (std::shared_ptr<Job> job = joinable()) {
      Team* team = job->team();
      team->helpers.fetch_add(1);
      ++busy_;
      lock.unlock();
      const bool open = team->help([this] { return queued_.load(std::memory_order_relaxed) > 0; });
      team->helpers.fetch_sub(1);
      job.reset();
      lock.lock();
      --busy_;
      if (closing_) wake_.notify_all();
      // Nothing to do there for a while, yet the job goes on: its leader will ask.
      if (open && queue_.empty() && !closing_) {
        idle_.fetch_add(1);
        wake_.wait(lock);
        idle_.fetch_sub(1);
      }
      continue;
    }
    wake_.wait(lock);
  }
}

}  // namespace gemmfit
