// SPDX-License-Identifier: Apache-2.0
#include "tests/protocol/learned_site.hpp"

#include <filesystem>
#include <stdexcept>
#include <string>

#include "engine/base/clock.hpp"
#include "engine/config/config.hpp"
#include "engine/journal/journal.hpp"
#include "engine/learner/learner.hpp"
#include "tests/support/observed.hpp"

namespace kith::test {

std::vector<MailRecord> site_mails(Time start) {
    std::vector<MailRecord> mails;
    for (int i = 0; i < 330; ++i) {
        const bool anna = i % 11 == 0;
        Mail mail(anna ? "anna@partner.example" : "p" + std::to_string(i % 20) + "@far.example",
                  start + Seconds(3600L * i));
        if (!anna && i % 6 == 0) mail.links_to("h" + std::to_string(i) + ".example", "page");
        mails.push_back(record_of(mail));
    }
    return mails;
}

void learn_for(const MilterProcess& milter) {
    // Made in another place and moved whole: the milter would else take up a store that is still
    // being learned into, and judge by half of it.
    const std::string store = milter.directory().file("store");
    const std::string made = milter.directory().file("made");
    std::string text = milter.directory().read("kith.yaml");
    text.replace(text.find(store), store.size(), made);
    milter.directory().write("learn.yaml", text);
    milter.directory().write("site.key",
                             std::string("\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17\20", 16));
    const auto config = load_config_or_error(milter.directory().file("learn.yaml")).value();
    auto writer = JournalWriter::open(config->journal).value();
    for (const MailRecord& record : site_mails(SystemClock().now() - std::chrono::hours(24 * 20)))
        if (!writer->append(RecordType::Mail, record.time, encode(record)))
            throw std::runtime_error("the journal takes no record");
    {
        auto learner = Learner::open(config).value();
        while (learner->step().value().records > 0) {
        }
    }
    std::filesystem::rename(made, store);
    if (!milter.logs("store: in use again"))
        throw std::runtime_error("the milter does not take the store: " + milter.log());
}

MilterSetup enforcing_setup() {
    MilterSetup setup;
    setup.mode = "enforce";
    setup.more =
        "budget:\n  holds_per_1000: 100\n  tags_per_1000: 200\n  delays_per_1000: 0\n  "
        "min_calibration: 100\n"
        "  min_stratum_calibration: 10\n";
    return setup;
}

MilterSetup delaying_setup() {
    MilterSetup setup;
    setup.mode = "enforce";
    setup.more =
        "budget:\n  holds_per_1000: 0\n  delays_per_1000: 100\n  min_calibration: 100\n"
        "  min_stratum_calibration: 10\n";
    return setup;
}

FakeMail delayed_mail() {
    FakeMail mail;
    mail.headers.push_back({"X-Mailer", " Odd"});
    mail.body = "Please open https://odd.example/x and log in.\r\n";
    return mail;
}

}  // namespace kith::test
