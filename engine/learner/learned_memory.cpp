// SPDX-License-Identifier: Apache-2.0
#include "engine/learner/learned_memory.hpp"

#include <algorithm>
#include <cstring>
#include <deque>
#include <map>
#include <set>

#include "engine/assess/delay.hpp"
#include "engine/profile/keys.hpp"
#include "engine/profile/verified.hpp"

namespace kith {
namespace {

/// Decoded records kept in memory after a flush; more are dropped and read again when needed.
constexpr std::size_t kMaxCached = 100'000;
/// Lessons that no store takes (`kith replay`); beyond it the oldest are forgotten.
constexpr std::size_t kMaxLessons = 4096;

std::string waiting_key(const Waiting& w) {
    return integer_key(static_cast<std::uint64_t>(to_unix(w.due))) + integer_key(w.message_id) +
           std::string(w.sender.view());
}

/// One kind of record: cached by key, loaded on a miss, written when dirty.
template <class T>
class Shelf {
public:
    struct Entry {
        std::shared_ptr<T> value;  ///< nullptr = known to be absent
        bool dirty = false;
    };
    template <class Load>
    Entry& at(const std::string& key, Load&& load) {
        const auto it = entries_.find(key);
        if (it != entries_.end()) return it->second;
        return entries_.emplace(key, Entry{load(key), false}).first->second;
    }
    [[nodiscard]] std::unordered_map<std::string, Entry>& entries() { return entries_; }
    void drop(const std::string& key) { entries_.erase(key); }
    void drop_clean_if_large() {
        if (entries_.size() > kMaxCached) entries_.clear();
    }

private:
    std::unordered_map<std::string, Entry> entries_;
};

}  // namespace

struct LearnedMemory::Impl {
    Shelf<Profile> profiles;
    Shelf<Vocabulary> vocabularies;
    Shelf<SiteWord> words;
    Shelf<std::uint64_t> thread_roots;
    Shelf<Thread> threads;
    Shelf<HostUse> hosts;
    Shelf<NameUse> names;
    Shelf<Traces> traces;
    Shelf<Incident> incidents;
    Shelf<Lesson> lessons;
    std::deque<std::string> lessons_unwritten;
    std::map<std::string, Waiting> waiting;  // by key: due time first
    std::unordered_map<std::uint64_t, std::string> waiting_by_id;
    std::vector<std::string> waiting_added, waiting_removed;
    std::unordered_map<std::uint64_t, Delayed> delayed;
    std::set<std::pair<Time, std::uint64_t>> delayed_by_time;
    std::set<std::uint64_t> delayed_changed;
    std::unordered_map<std::string, std::string> site_written;  // piece -> bytes as last written

    void keep_delayed(Delayed d) {
        delayed_by_time.emplace(d.since, d.key);
        delayed.insert_or_assign(d.key, std::move(d));
    }

    template <class T, class Decode>
    [[nodiscard]] static std::shared_ptr<T> load(const StoreReader* reader, Table table,
                                                 const std::string& key, Decode&& decode) {
        if (reader == nullptr) return nullptr;
        auto found = reader->get(table, key);
        // A damaged page or record is a cold start for this subject; the store's own checks raise
        // the alarm.
        if (!found || !found->has_value()) return nullptr;
        auto value = decode(**found);
        return value ? std::make_shared<T>(std::move(*value)) : nullptr;
    }
};

LearnedMemory::LearnedMemory()
    : impl_(std::make_unique<Impl>()), site_(std::make_unique<SiteState>()) {}
LearnedMemory::~LearnedMemory() = default;

namespace {

template <class T>
T& editable(typename Shelf<T>::Entry& entry) {
    if (!entry.value) entry.value = std::make_shared<T>();
    entry.dirty = true;
    return *entry.value;
}

}  // namespace

Result<int> LearnedMemory::load_site() {
    *site_ = SiteState();
    examples_ = Examples();
    impl_->waiting.clear();
    impl_->waiting_by_id.clear();
    impl_->delayed.clear();
    impl_->delayed_by_time.clear();
    impl_->delayed_changed.clear();
    impl_->lessons.entries().clear();
    impl_->lessons_unwritten.clear();
    impl_->site_written.clear();
    if (reader_ == nullptr) return 0;
    int bad = 0;
    auto scanned =
        reader_->scan(Table::Site, "", [&](std::string_view key, std::string_view value) {
            if (decode_site_piece(key, value, *site_))
                impl_->site_written.emplace(std::string(key), std::string(value));
            else
                ++bad;
            return true;
        });
    if (!scanned) return fail(scanned.error());
    scanned = reader_->scan(Table::Waiting, "", [&](std::string_view key, std::string_view value) {
        Waiting w;
        if (key.size() == 32) {
            w.due = stored_time(static_cast<std::int64_t>(*decode_integer_key(key.substr(0, 8))));
            w.message_id = *decode_integer_key(key.substr(8, 8));
            std::memcpy(w.sender.bytes.data(), key.data() + 16, 16);
            w.record = std::string(value);
            impl_->waiting_by_id[w.message_id] = std::string(key);
            impl_->waiting.emplace(std::string(key), std::move(w));
        } else {
            ++bad;
        }
        return true;
    });
    if (!scanned) return fail(scanned.error());
    scanned = reader_->scan(Table::Examples, "", [&](std::string_view key, std::string_view value) {
        if (!examples_.restore(key, value)) ++bad;
        return true;
    });
    if (!scanned) return fail(scanned.error());
    examples_.restored();
    const std::string first = delayed_key(0);
    scanned = reader_->scan(Table::Messages, first, [&](auto key, auto value) {
        if (key.front() != first.front()) return false;
        const auto id = decode_integer_key(key.substr(1));
        const auto since = decode_integer_key(value.substr(0, 8));
        if (id && since)
            impl_->keep_delayed({*id, stored_time(static_cast<std::int64_t>(*since)),
                                 std::string(value.substr(8))});
        else
            ++bad;
        return true;
    });
    if (!scanned) return fail(scanned.error());
    return bad;
}

// --- reading
// -----------------------------------------------------------------------------------------------------------

std::shared_ptr<const Profile> LearnedMemory::profile(Subject subject, const Key16& key) const {
    const std::string k(stored_key(subject, key).view());
    return impl_->profiles
        .at(k,
            [&](const std::string& x) {
                return Impl::load<Profile>(reader_, Table::Profiles, x, decode_profile);
            })
        .value;
}
std::shared_ptr<const Vocabulary> LearnedMemory::vocabulary(const Key16& key) const {
    return impl_->vocabularies
        .at(std::string(key.view()),
            [&](const std::string& x) {
                return Impl::load<Vocabulary>(reader_, Table::Words, x, decode_vocabulary);
            })
        .value;
}
SiteWord LearnedMemory::word(std::uint32_t word) const {
    const auto& v =
        impl_->words
            .at(word_key(word),
                [&](const std::string& x) {
                    return Impl::load<SiteWord>(reader_, Table::SiteWords, x, decode_site_word);
                })
            .value;
    return v ? *v : SiteWord{};
}
std::shared_ptr<const Thread> LearnedMemory::thread(std::uint64_t message_id) const {
    const auto& root = impl_->thread_roots
                           .at(thread_alias_key(message_id),
                               [&](const std::string& x) {
                                   return Impl::load<std::uint64_t>(reader_, Table::Threads, x,
                                                                    decode_integer_key);
                               })
                           .value;
    if (!root) return nullptr;
    return impl_->threads
        .at(thread_key(*root),
            [&](const std::string& x) {
                return Impl::load<Thread>(reader_, Table::Threads, x, decode_thread);
            })
        .value;
}
HostUse LearnedMemory::host(std::uint64_t h) const {
    const auto& v =
        impl_->hosts
            .at(integer_key(h),
                [&](const std::string& x) {
                    return Impl::load<HostUse>(reader_, Table::Hosts, x, decode_host_use);
                })
            .value;
    return v ? *v : HostUse{};
}
NameUse LearnedMemory::name(std::uint64_t n) const {
    const auto& v =
        impl_->names
            .at(integer_key(n),
                [&](const std::string& x) {
                    return Impl::load<NameUse>(reader_, Table::Names, x, decode_name_use);
                })
            .value;
    return v ? *v : NameUse{};
}
Allowances LearnedMemory::allowances(const Key16& sender) const {
    const auto found =
        Impl::load<Allowances>(reader_, Table::Messages, allowances_key(sender), decode_allowances);
    return found ? *found : Allowances{};
}
Traces LearnedMemory::traces(const Key16& sender) const {
    const auto& v = impl_->traces
                        .at(std::string(sender.view()),
                            [&](const std::string& x) {
                                return Impl::load<Traces>(reader_, Table::Recent, x, decode_traces);
                            })
                        .value;
    return v ? *v : Traces{};
}

std::shared_ptr<const Incident> LearnedMemory::incident(const Key16& sender) const {
    return impl_->incidents
        .at(incident_key(sender),
            [&](const std::string& x) {
                return Impl::load<Incident>(reader_, Table::Messages, x, decode_incident);
            })
        .value;
}

// --- changing
// ----------------------------------------------------------------------------------------------------------

Profile& LearnedMemory::edit_profile(Subject subject, const Key16& key) {
    (void)profile(subject, key);
    return editable<Profile>(
        impl_->profiles.entries().at(std::string(stored_key(subject, key).view())));
}
Vocabulary& LearnedMemory::edit_vocabulary(const Key16& key) {
    (void)vocabulary(key);
    return editable<Vocabulary>(impl_->vocabularies.entries().at(std::string(key.view())));
}
SiteWord& LearnedMemory::edit_word(std::uint32_t w) {
    (void)word(w);
    return editable<SiteWord>(impl_->words.entries().at(word_key(w)));
}
HostUse& LearnedMemory::edit_host(std::uint64_t h) {
    (void)host(h);
    return editable<HostUse>(impl_->hosts.entries().at(integer_key(h)));
}
NameUse& LearnedMemory::edit_name(std::uint64_t n) {
    (void)name(n);
    return editable<NameUse>(impl_->names.entries().at(integer_key(n)));
}
Traces& LearnedMemory::edit_traces(const Key16& sender) {
    (void)traces(sender);
    return editable<Traces>(impl_->traces.entries().at(std::string(sender.view())));
}

Incident& LearnedMemory::edit_incident(const Key16& sender) {
    (void)incident(sender);
    return editable<Incident>(impl_->incidents.entries().at(incident_key(sender)));
}

std::uint64_t LearnedMemory::thread_root(std::uint64_t message_id) const {
    if (thread(message_id) == nullptr) return 0;
    return *impl_->thread_roots.entries().at(thread_alias_key(message_id)).value;
}

void LearnedMemory::forget_message_id(std::uint64_t message_id) {
    auto& entry = impl_->thread_roots.entries()[thread_alias_key(message_id)];
    entry.value = nullptr;
    entry.dirty = true;
}

Thread* LearnedMemory::find_thread_root(std::uint64_t root) {
    auto& entry = impl_->threads.at(thread_key(root), [&](const std::string& x) {
        return Impl::load<Thread>(reader_, Table::Threads, x, decode_thread);
    });
    if (!entry.value) return nullptr;
    entry.dirty = true;
    return entry.value.get();
}

void LearnedMemory::erase_thread(std::uint64_t root) {
    auto& entry = impl_->threads.entries()[thread_key(root)];
    entry.value = nullptr;
    entry.dirty = true;
}

void LearnedMemory::keep(const Lesson& lesson, Time mail, std::string_view id) {
    if (id.empty()) return;
    const std::string key = lesson_key(mail, id);
    impl_->lessons.entries()[key] = {std::make_shared<Lesson>(lesson), true};
    impl_->lessons_unwritten.push_back(key);
    if (impl_->lessons_unwritten.size() <= kMaxLessons || reader_ != nullptr) return;
    impl_->lessons.drop(impl_->lessons_unwritten.front());
    impl_->lessons_unwritten.pop_front();
}

bool LearnedMemory::has_lesson(Time mail, std::string_view id) const {
    return impl_->lessons
               .at(lesson_key(mail, id),
                   [&](const std::string& x) {
                       return Impl::load<Lesson>(reader_, Table::Messages, x, decode_lesson);
                   })
               .value != nullptr;
}

std::optional<Lesson> LearnedMemory::take_lesson(Time mail, std::string_view id) {
    if (!has_lesson(mail, id)) return std::nullopt;
    auto& entry = impl_->lessons.entries().at(lesson_key(mail, id));
    Lesson out = std::move(*entry.value);
    entry.value = nullptr;
    entry.dirty = true;
    return out;
}

Thread& LearnedMemory::edit_thread(std::uint64_t message_id,
                                   const std::vector<std::uint64_t>& ids) {
    std::uint64_t root = message_id;
    for (const auto id : ids) {
        if (thread(id) == nullptr) continue;
        root = *impl_->thread_roots.entries().at(thread_alias_key(id)).value;
        break;
    }
    if (thread(message_id) == nullptr || root != message_id) {
        auto& alias =
            editable<std::uint64_t>(impl_->thread_roots.entries()[thread_alias_key(message_id)]);
        alias = root;
    }
    auto& entry = impl_->threads.at(thread_key(root), [&](const std::string& x) {
        return Impl::load<Thread>(reader_, Table::Threads, x, decode_thread);
    });
    return editable<Thread>(entry);
}

void LearnedMemory::wait(Waiting w) {
    const std::string key = waiting_key(w);
    impl_->waiting_by_id[w.message_id] = key;
    impl_->waiting_added.push_back(key);
    impl_->waiting[key] = std::move(w);
}

std::vector<Waiting> LearnedMemory::take_due(Time now) {
    std::vector<Waiting> out;
    while (!impl_->waiting.empty() && impl_->waiting.begin()->second.due <= now) {
        auto node = impl_->waiting.extract(impl_->waiting.begin());
        impl_->waiting_removed.push_back(node.key());
        // Another mail of this Message-ID may wait as well.
        const auto by_id = impl_->waiting_by_id.find(node.mapped().message_id);
        if (by_id != impl_->waiting_by_id.end() && by_id->second == node.key())
            impl_->waiting_by_id.erase(by_id);
        out.push_back(std::move(node.mapped()));
    }
    return out;
}

std::optional<Waiting> LearnedMemory::take_waiting(std::uint64_t message_id) {
    const auto it = impl_->waiting_by_id.find(message_id);
    if (message_id == 0 || it == impl_->waiting_by_id.end()) return std::nullopt;
    auto node = impl_->waiting.extract(it->second);
    impl_->waiting_removed.push_back(it->second);
    impl_->waiting_by_id.erase(it);
    return node.empty() ? std::nullopt : std::optional<Waiting>(std::move(node.mapped()));
}

std::optional<Waiting> LearnedMemory::take_waiting(const MailRecord& mail) {
    const Observations& o = mail.observations;
    for (auto it = impl_->waiting.begin(); it != impl_->waiting.end(); ++it) {
        if (it->second.message_id != o.message_id || it->second.sender != o.sender) continue;
        const auto record = decode_mail_record(it->second.record);
        if (!record || record->id != mail.id) continue;
        auto node = impl_->waiting.extract(it);
        impl_->waiting_removed.push_back(node.key());
        const auto by_id = impl_->waiting_by_id.find(o.message_id);
        if (by_id != impl_->waiting_by_id.end() && by_id->second == node.key())
            impl_->waiting_by_id.erase(by_id);
        return std::move(node.mapped());
    }
    return std::nullopt;
}

std::vector<Waiting> LearnedMemory::waiting_of(const Key16& sender) const {
    std::vector<Waiting> out;
    for (const auto& [key, waiting] : impl_->waiting)
        if (waiting.sender == sender) out.push_back(waiting);
    return out;
}

std::size_t LearnedMemory::waiting_count() const noexcept { return impl_->waiting.size(); }

void LearnedMemory::delay(Delayed d) {
    if (impl_->delayed.contains(d.key)) return;
    impl_->delayed_changed.insert(d.key);
    impl_->keep_delayed(std::move(d));
}

bool LearnedMemory::came_back(std::uint64_t delay_key) {
    const auto it = impl_->delayed.find(delay_key);
    if (it == impl_->delayed.end() || it->second.record.empty()) return false;
    it->second.record.clear();
    impl_->delayed_changed.insert(delay_key);
    return true;
}

std::vector<Delayed> LearnedMemory::take_delayed(Time before) {
    std::vector<Delayed> out;
    auto& queue = impl_->delayed_by_time;
    while (!queue.empty() && (queue.begin()->first < before || queue.size() > kMaxDelayed)) {
        const std::uint64_t key = queue.begin()->second;
        queue.erase(queue.begin());
        impl_->delayed_changed.insert(key);
        out.push_back(std::move(impl_->delayed.extract(key).mapped()));
    }
    return out;
}

void LearnedMemory::rewrite_pending(
    const std::function<std::optional<std::string>(const std::string&)>& rewrite) {
    for (auto it = impl_->waiting.begin(); it != impl_->waiting.end();) {
        const auto here = it++;
        auto changed = rewrite(here->second.record);
        if (!changed) continue;
        if (!changed->empty()) {
            here->second.record = std::move(*changed);
            impl_->waiting_added.push_back(here->first);
            continue;
        }
        const auto by_id = impl_->waiting_by_id.find(here->second.message_id);
        if (by_id != impl_->waiting_by_id.end() && by_id->second == here->first)
            impl_->waiting_by_id.erase(by_id);
        impl_->waiting_removed.push_back(here->first);
        impl_->waiting.erase(here);
    }
    for (auto it = impl_->delayed.begin(); it != impl_->delayed.end();) {
        const auto here = it++;
        auto changed = here->second.record.empty() ? std::nullopt : rewrite(here->second.record);
        if (!changed) continue;
        impl_->delayed_changed.insert(here->first);
        if (!changed->empty()) {
            here->second.record = std::move(*changed);
            continue;
        }
        impl_->delayed_by_time.erase({here->second.since, here->first});
        impl_->delayed.erase(here);
    }
}

// --- writing back
// ------------------------------------------------------------------------------------------------------

Status LearnedMemory::flush(StoreWriter& writer) {
    const auto write = [&](auto& shelf, Table table, auto&& encoded) -> Status {
        for (auto& [key, entry] : shelf.entries())
            if (entry.dirty)
                if (auto put = entry.value ? writer.put(table, key, encoded(*entry.value))
                                           : writer.erase(table, key);
                    !put)
                    return put;
        return ok();
    };
    const auto encoded = [](const auto& v) { return encode(v); };
    for (auto& status :
         {write(impl_->profiles, Table::Profiles, encoded),
          write(impl_->vocabularies, Table::Words, encoded),
          write(impl_->words, Table::SiteWords, encoded),
          write(impl_->threads, Table::Threads, encoded),
          write(impl_->thread_roots, Table::Threads,
                [](std::uint64_t r) { return integer_key(r); }),
          write(impl_->hosts, Table::Hosts, encoded), write(impl_->names, Table::Names, encoded),
          write(impl_->traces, Table::Recent, encoded),
          write(impl_->incidents, Table::Messages, encoded),
          write(impl_->lessons, Table::Messages, encoded)})
        if (!status) return fail(status.error());
    for (const auto& key : impl_->waiting_removed)
        if (auto erased = writer.erase(Table::Waiting, key); !erased) return erased;
    for (const auto& key : impl_->waiting_added)
        if (const auto it = impl_->waiting.find(key); it != impl_->waiting.end())
            if (auto put = writer.put(Table::Waiting, key, it->second.record); !put) return put;
    if (auto done = examples_.flush(writer); !done) return done;
    for (const auto key : impl_->delayed_changed) {
        const auto it = impl_->delayed.find(key);
        const auto written =
            it == impl_->delayed.end()
                ? writer.erase(Table::Messages, delayed_key(key))
                : writer.put(Table::Messages, delayed_key(key),
                             integer_key(static_cast<std::uint64_t>(to_unix(it->second.since))) +
                                 it->second.record);
        if (!written) return written;
    }
    Status result = ok();
    encode_site(*site_, [&](const std::string& name, std::string bytes) {
        auto& written = impl_->site_written[name];
        if (!result || written == bytes) return;
        if (auto put = writer.put(Table::Site, name, bytes); !put)
            result = fail(put.error());
        else
            written = std::move(bytes);
    });
    if (!result)
        impl_->site_written
            .clear();  // what is in the store is not known any more: write all next time
    return result;
}

void LearnedMemory::flushed() {
    const auto clean = [](auto& shelf) {
        for (auto& [key, entry] : shelf.entries()) entry.dirty = false;
        shelf.drop_clean_if_large();
    };
    clean(impl_->profiles);
    clean(impl_->vocabularies);
    clean(impl_->words);
    clean(impl_->thread_roots);
    clean(impl_->threads);
    clean(impl_->hosts);
    clean(impl_->names);
    clean(impl_->traces);
    examples_.flushed();
    clean(impl_->incidents);
    impl_->lessons.entries().clear();  // hardly any is asked for again
    impl_->lessons_unwritten.clear();
    impl_->waiting_added.clear();
    impl_->waiting_removed.clear();
    impl_->delayed_changed.clear();
}

}  // namespace kith
