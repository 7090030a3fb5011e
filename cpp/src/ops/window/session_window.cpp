// Session windows: a session of a group goes on while its records come less than the gap apart.
#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include <headrace/ops/window/window_step.hpp>
#include <headrace/record/value_text.hpp>

namespace headrace::ops {
namespace {

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

class SessionWindow final : public WindowStep {
 public:
  explicit SessionWindow(WindowParts parts)
      : WindowStep(std::move(parts)), gap_(std::get<SessionWindows>(args().window).gap) {}

  std::int64_t first_held() const noexcept override {
    std::int64_t first = kNothingHeld;
    for (const std::vector<Session>& sessions : group_) {
      for (const Session& session : sessions) {
        first = std::min(first, panes_.extent(session.pane).first_offset);
      }
    }
    return first;
  }
  void note_held(HeldOffsets& held) const override {
    for (const std::vector<Session>& sessions : group_) {
      for (const Session& session : sessions) {
        held.note_since(panes_.extent(session.pane).first_time);
      }
    }
  }

 private:
  struct Session {
    std::int64_t first = 0;  // event times
    std::int64_t last = 0;
    std::uint32_t pane = 0;
  };

  [[nodiscard]] std::int64_t end_of(std::int64_t last) const noexcept {
    return shifted(last, gap_);
  }

  base::Status take(std::size_t row, std::int64_t time, Rejects& rejects) override {
    if (clock_.watermark() >= agenda_.next()) close_due(clock_.watermark());
    const base::Result<std::uint32_t> id = group_of(row, rejects);
    if (!id) return id.error();
    if (*id != GroupIndex::kNone) place(row, time, *id, rejects);
    return {};
  }

  void resize(std::size_t ids) override {
    if (ids > group_.size()) group_.resize(ids);
  }

  // Joins the session that the row is near to, or the two that it is between, or begins one.
  void place(std::size_t row, std::int64_t time, std::uint32_t id, Rejects& rejects) {
    std::vector<Session>& sessions = group_[id];
    const auto at = std::find_if(sessions.begin(), sessions.end(), [&](const Session& session) {
      return time < end_of(session.last);
    });
    if (at == sessions.end() || end_of(time) <= at->first) {
      if (end_of(time) <= clock_.watermark()) {
        late(
            row, time,
            "a session with it ended at " + record::timestamp_text(end_of(time)) + " and is closed",
            rejects);
        return;
      }
      const auto made =
          sessions.insert(at, {.first = time, .last = time, .pane = panes_.allocate()});
      schedule(id, *made);
      panes_.note(row, made->pane);
      return give_update(row, id, *made);
    }
    at->first = std::min(at->first, time);
    at->last = std::max(at->last, time);
    panes_.note(row, at->pane);
    const auto next = at + 1;
    if (next != sessions.end() && next->first < end_of(at->last)) {
      flush();
      at->last = next->last;
      panes_.merge(at->pane, next->pane);
      panes_.release(next->pane);
      sessions.erase(next);
    }
    give_update(row, id, *at);
  }

  void give_update(std::size_t row, std::uint32_t id, const Session& session) {
    if (!args().updates) return;
    flush();
    give({.group = id,
          .start = session.first,
          .end = end_of(session.last),
          .offset = batch().offsets ? batch().offset_values()[row] : 0,
          .is_final = false},
         session.pane);
  }

  void schedule(std::uint32_t id, const Session& session) {
    agenda_.add(end_of(session.last), due(id));
  }

  // A session may have grown since it was scheduled, or be part of another one now: whoever is
  // due is looked at, and comes back when its next session ends.
  void close_due(std::int64_t watermark) {
    flush();
    std::vector<Ended> ended;
    while (!agenda_.empty() && agenda_.next() <= watermark) {
      for (const Due& due : each_once(agenda_.take().dues)) {
        take_ended(due.id, watermark, ended);
        if (!group_[due.id].empty()) schedule(due.id, group_[due.id].front());
      }
    }
    give_ended(ended);
  }

  struct Ended {
    std::uint32_t id;
    std::uint32_t serial;
    Session session;
  };

  void take_ended(std::uint32_t id, std::int64_t watermark, std::vector<Ended>& ended) {
    std::vector<Session>& sessions = group_[id];
    const auto open = std::find_if(sessions.begin(), sessions.end(), [&](const Session& session) {
      return end_of(session.last) > watermark;
    });
    for (auto session = sessions.begin(); session != open; ++session) {
      ended.push_back({.id = id, .serial = groups_.serial(id), .session = *session});
    }
    sessions.erase(sessions.begin(), open);
  }

  void give_ended(std::vector<Ended>& ended) {
    std::sort(ended.begin(), ended.end(), [](const Ended& a, const Ended& b) {
      return a.session.last != b.session.last ? a.session.last < b.session.last
                                              : a.serial < b.serial;
    });
    for (const Ended& one : ended) {
      give({.group = one.id,
            .start = one.session.first,
            .end = end_of(one.session.last),
            .offset = panes_.extent(one.session.pane).last_offset},
           one.session.pane);
      panes_.release(one.session.pane);
    }
  }

  void close_all() override {
    std::vector<Ended> ended;
    for (const std::uint32_t id : groups_.in_order()) take_ended(id, kMax, ended);
    agenda_.clear();
    give_ended(ended);
  }

  void evict(std::uint32_t id) override {
    std::vector<Ended> ended;
    take_ended(id, kMax, ended);
    give_ended(ended);
    agenda_.throw_out([this, id](const Due& due) { return due.id == id || is_gone(due); });
  }

  void snapshot_groups(base::ByteWriter& writer,
                       const std::vector<std::uint32_t>& ids) const override {
    for (const std::uint32_t id : ids) {
      writer.put(static_cast<std::uint64_t>(group_[id].size()));
      for (const Session& session : group_[id]) {
        writer.put(session.first);
        writer.put(session.last);
        panes_.snapshot(writer, session.pane);
      }
    }
  }

  base::Status restore_groups(base::ByteReader& reader, std::size_t groups) override {
    for (std::uint32_t id = 0; id < groups; ++id) {
      std::uint64_t count = 0;
      if (base::Status s = reader.get_into(count); !s) return s;
      for (; count > 0; --count) {
        Session session;
        if (base::Status s = reader.get_into(session.first); !s) return s;
        if (base::Status s = reader.get_into(session.last); !s) return s;
        if (!fits(group_[id], session)) {
          return base::Error{.code = base::ErrorCode::kCheckpoint,
                             .message = "snapshot of a window has a session that cannot be open"};
        }
        session.pane = panes_.allocate();
        if (base::Status s = panes_.restore(reader, session.pane); !s) return s;
        group_[id].push_back(session);
        schedule(id, session);
      }
    }
    return {};
  }

  [[nodiscard]] bool fits(const std::vector<Session>& before, const Session& session) const {
    return session.first <= session.last && end_of(session.last) > clock_.watermark() &&
           (before.empty() || end_of(before.back().last) <= session.first);
  }

  void clear_groups() override {
    group_.clear();
    agenda_.clear();
  }

  const std::int64_t gap_;
  std::vector<std::vector<Session>> group_;  // by id, each by time
  Agenda agenda_;
};

}  // namespace

OperatorPtr make_session_window(WindowParts parts) {
  return std::make_unique<SessionWindow>(std::move(parts));
}

}  // namespace headrace::ops
