// SPDX-License-Identifier: Apache-2.0
// Debian's miltertest, a client written by others, drives the scenarios of the fake MTA once more:
// what both sides of a test get wrong in the same way would stay unseen otherwise. The scripts are
// in tests/protocol/miltertest; what they expect of the mail's verdict is what the fake MTA got.
// Without miltertest these tests fail. It cannot send QUIT_NC, packets that are none or half a
// packet: that is the fake MTA's alone.
#include <fcntl.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <vector>

#include "tests/protocol/learned_site.hpp"
#include "tests/protocol/milter_process.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/fake_mta.hpp"

namespace kith::test {
namespace {

/// Exit code of miltertest with `script` (127 when it is not installed); what it says goes to
/// `output`.
int miltertest(const std::string& script, const std::vector<std::string>& definitions,
               const std::string& output) {
    const std::string directory = std::string(KITH_SOURCE_DIR) + "/tests/protocol/miltertest";
    std::vector<std::string> arguments{"miltertest", "-s", script};
    for (const auto& definition : definitions) {
        arguments.emplace_back("-D");
        arguments.push_back(definition);
    }
    std::vector<char*> argv;
    for (auto& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    return in_child([&] {
               const int fd = ::open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
               ::dup2(fd, 1);
               ::dup2(fd, 2);
               if (::chdir(directory.c_str()) != 0) return 126;
               ::execvp(argv[0], argv.data());
               return 127;
           })
        .exit_code;
}

TEST_CASE("miltertest sees of each scenario what the fake MTA sees") {
    MilterSetup setup = enforcing_setup();
    setup.over_tcp = GENERATE(false, true);
    MilterProcess milter(setup);
    learn_for(milter);
    FakeMail mail;
    mail.headers.insert(mail.headers.begin(), {"X-Kith-Verdict", " pass"});
    mail.headers.push_back({"X-Mailer", " Odd"});
    mail.body = "Please open https://odd.example/x and log in.\r\n";
    FakeMta mta = milter.mta();
    const EomAnswer answer = mta.send(mail);
    REQUIRE(answer.is_accepted());
    const std::string score = answer.own_header("X-Kith-Score");
    REQUIRE(score != "0");
    for (const char* script :
         {"manners.lua", "breaking_off.lua", "one_connection.lua", "oddities.lua"}) {
        const std::string output = milter.directory().file("miltertest-output");
        const int exit_code =
            miltertest(script,
                       {"socket=" + milter.socket(), "score=" + score,
                        "verdict=" + answer.own_header("X-Kith-Verdict"),
                        std::string("held=") + (answer.quarantine ? "yes" : "no")},
                       output);
        CAPTURE(script, setup.over_tcp, milter.directory().read("miltertest-output"));
        CHECK(exit_code == 0);
    }
    CHECK(mta.send(mail).summary() == answer.summary());
    CHECK(milter.is_running());
    CHECK(milter.log_lines_with("internal failure") == 0);
}

TEST_CASE("a script of miltertest fails when the filter does not do what it says") {
    const MilterProcess milter(enforcing_setup());
    learn_for(milter);
    const std::string output = milter.directory().file("miltertest-output");
    CHECK(miltertest("manners.lua",
                     {"socket=" + milter.socket(), "score=77", "verdict=pass", "held=no"},
                     output) == 1);
    CHECK(milter.directory().read("miltertest-output").find("score is not 77") !=
          std::string::npos);
}

}  // namespace
}  // namespace kith::test
