// SPDX-License-Identifier: Apache-2.0
#include "engine/intake/session_merger.hpp"

#include <algorithm>
#include <utility>

namespace kith {
namespace {

/// What a session is called; without an id an account is one session.
std::string session_key(const AccountEvent& e) {
    return e.session.empty() ? e.account + '\n' + e.service : e.session;
}

std::string group_key(const AccountEvent& e) {
    return session_key(e) + '\n' + std::to_string(static_cast<int>(e.kind)) + '\n' + e.mailbox +
           '\n' + e.to_mailbox;
}

std::string move_key(const AccountEvent& e) { return session_key(e) + '\n' + e.mailbox; }

bool has_id(const std::vector<std::uint64_t>& ids, std::uint64_t id) {
    return std::find(ids.begin(), ids.end(), id) != ids.end();
}

void set_if_empty(std::string& text, const std::string& other) {
    if (text.empty()) text = other;
}

}  // namespace

bool SessionMerger::is_repeat(const std::string& id) {
    if (id.empty() || recent_.add(id)) return false;
    ++repeated_;
    return true;
}

SessionMerger::Session& SessionMerger::session_of(const AccountEvent& event) {
    const std::string key = session_key(event);
    const auto [found, is_new] = sessions_.try_emplace(key);
    if (is_new) {
        session_order_.push_back(key);
        while (session_order_.size() > kMaxSessions) {
            if (session_order_.front() != key) sessions_.erase(session_order_.front());
            session_order_.pop_front();
        }
    }
    return found->second;
}

void SessionMerger::fill_in(AccountEvent& event, const Session& session) const {
    set_if_empty(event.client_addr, session.client_addr);
    set_if_empty(event.client_name, session.client_name);
    set_if_empty(event.client_id, session.client_id);
    set_if_empty(event.mechanism, session.mechanism);
    set_if_empty(event.tls, session.tls);
}

void SessionMerger::finish_session(AccountEvent end) {
    const std::string key = session_key(end);
    const Session& session = session_of(end);
    if (end.messages == 0) end.messages = session.messages;
    if (end.bytes == 0) end.bytes = session.bytes;
    if (end.seconds == 0 && session.login != Time{} && end.time > session.login)
        end.seconds = static_cast<std::uint32_t>((end.time - session.login).count());
    // What the session did stands before its end.
    for (auto it = groups_.begin(); it != groups_.end();) {
        if (session_key(it->second.event) != key) {
            ++it;
            continue;
        }
        ready_.push_back(std::move(it->second.event));
        it = groups_.erase(it);
    }
    std::erase_if(moved_, [&](const auto& m) { return m.first.starts_with(key + '\n'); });
    sessions_.erase(key);
    std::erase(session_order_, key);
    ready_.push_back(std::move(end));
}

/// To the move that is known already, else to the one that is told next.
void SessionMerger::move_away(const AccountEvent& e, Time now) {
    const std::string session = session_key(e) + '\n';
    for (auto it = groups_.lower_bound(session);
         it != groups_.end() && it->first.starts_with(session); ++it) {
        if (!it->second.is_move || it->second.event.mailbox != e.mailbox) continue;
        it->second.event.messages += e.messages;
        return;
    }
    if (moved_.size() >= kMaxMergeGroups) return;
    Moved& moved = moved_[move_key(e)];
    if (moved.messages == 0) moved.begun = now;
    moved.messages += e.messages;
}

/// A message that is expunged where the session has just copied it away was moved: one event, and
/// the copy tells where to.
bool SessionMerger::is_end_of_move(const AccountEvent& e) const {
    if (e.kind != AccountEventKind::Delete || !e.to_mailbox.empty() || e.message_ids.empty())
        return false;
    const std::string session = session_key(e) + '\n';
    for (auto it = groups_.lower_bound(session);
         it != groups_.end() && it->first.starts_with(session); ++it) {
        const AccountEvent& other = it->second.event;
        if (!other.to_mailbox.empty() && other.mailbox == e.mailbox &&
            has_id(other.message_ids, e.message_ids.front()))
            return true;
    }
    return false;
}

void SessionMerger::grow(ToldEvent told, Time now) {
    AccountEvent& e = told.event;
    if (told.part == ToldEvent::Part::OfMove) return move_away(e, now);
    const bool is_move = !e.to_mailbox.empty() && e.messages == 0;
    if (const auto moved = moved_.find(move_key(e)); is_move && moved != moved_.end()) {
        e.messages = moved->second.messages;
        moved_.erase(moved);
    }
    if (is_end_of_move(e)) return;
    const std::string key = group_key(e);
    const auto found = groups_.find(key);
    if (found == groups_.end()) {
        if (groups_.size() >= kMaxMergeGroups)
            ready_.push_back(std::move(e));
        else
            groups_.emplace(key, Group{std::move(e), now, is_move});
        return;
    }
    found->second.is_move |= is_move;
    AccountEvent& sum = found->second.event;
    std::uint64_t messages = e.messages;
    for (const std::uint64_t id : e.message_ids) {
        if (has_id(sum.message_ids, id))
            messages = 0;  // copied and deleted: one message that went
        else if (sum.message_ids.size() < kMaxAccountList)
            sum.message_ids.push_back(id);
    }
    sum.messages += messages;
    sum.bytes += e.bytes;
    ++sum.repeats;
    sum.time = std::max(sum.time, e.time);
}

void SessionMerger::add(ToldEvent told, Time now) {
    AccountEvent& e = told.event;
    if (is_repeat(e.id)) return;
    const bool logs_in = e.kind == AccountEventKind::Login && told.part == ToldEvent::Part::Whole;
    const bool failed =
        e.kind == AccountEventKind::LoginFailed || e.kind == AccountEventKind::LoginRefused;
    if (failed) {  // its session is none
        ready_.push_back(std::move(e));
        return;
    }
    Session& session = session_of(e);
    if (told.part == ToldEvent::Part::Client) {
        session.client_id = e.client_id;
        return;
    }
    set_if_empty(session.client_addr, e.client_addr);
    set_if_empty(session.client_name, e.client_name);
    set_if_empty(session.client_id, e.client_id);
    set_if_empty(session.mechanism, e.mechanism);
    set_if_empty(session.tls, e.tls);
    fill_in(e, session);
    if (logs_in) session.login = e.time;
    if (e.kind == AccountEventKind::Read) {
        session.messages += e.messages;
        session.bytes += e.bytes;
    }
    if (e.kind == AccountEventKind::SessionEnd) {
        ending_.push_back({std::move(e), now});
        if (ending_.size() <= kMaxMergeGroups) return;
        AccountEvent first = std::move(ending_.front().event);
        ending_.pop_front();
        return finish_session(std::move(first));
    }
    if (told.part == ToldEvent::Part::Whole)
        ready_.push_back(std::move(e));
    else
        grow(std::move(told), now);
}

std::vector<AccountEvent> SessionMerger::take(Time now, bool all) {
    // A clock that went back must not keep anything for ever.
    const auto is_due = [&](Time begun, Seconds span) {
        return all || now < begun || now - begun >= span;
    };
    while (!ending_.empty() && is_due(ending_.front().begun, kEndSettles)) {
        AccountEvent end = std::move(ending_.front().event);
        ending_.pop_front();
        finish_session(std::move(end));
    }
    std::erase_if(moved_, [&](const auto& m) { return is_due(m.second.begun, kMergeSpan); });
    for (auto it = groups_.begin(); it != groups_.end();) {
        if (!is_due(it->second.begun, kMergeSpan)) {
            ++it;
            continue;
        }
        ready_.push_back(std::move(it->second.event));
        it = groups_.erase(it);
    }
    return std::exchange(ready_, {});
}

}  // namespace kith
