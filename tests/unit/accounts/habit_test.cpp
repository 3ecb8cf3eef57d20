// SPDX-License-Identifier: Apache-2.0
#include "engine/accounts/habit.hpp"

#include "tests/support/catch.hpp"

using namespace kith;

TEST_CASE("one day teaches a value three times at most, however often it is shown") {
    Habit h;
    CHECK(h.add(7, 100, 8));
    CHECK(h.add(7, 100, 8));
    CHECK(h.add(7, 100, 8));
    for (int i = 0; i < 1000; ++i) CHECK_FALSE(h.add(7, 100, 8));
    CHECK(h.total() == 3);
    CHECK(h.add(7, 101, 8));
}

TEST_CASE("beyond the bound the rarest value goes, of those the oldest") {
    Habit h;
    h.add(1, 100, 3);
    h.add(1, 100, 3);
    h.add(2, 100, 3);
    h.add(3, 100, 3);
    h.add(3, 100, 3);
    h.add(4, 100, 3);
    CHECK(h.values().size() == 3);
    CHECK(h.knows(1));
    CHECK_FALSE(h.knows(2));
    CHECK(h.knows(4));
}

TEST_CASE("counts halve in 90 days and what has faded is forgotten") {
    Habit h;
    h.add(1, 1000, 8);
    h.add(1, 1000, 8);
    h.age(1090);
    CHECK(h.total() == Approx(1));
    h.age(1080);  // a clock that goes back changes nothing
    CHECK(h.total() == Approx(1));
    h.age(1090 + 90 * 5);
    CHECK(h.values().empty());
}

TEST_CASE("categories stand by how often they are shown") {
    Habit h;
    for (int day = 0; day < 6; ++day) h.add(1, 100 + day, 8);
    h.add(2, 105, 8);
    const Standing rare = h.standing(2, AccountForm::Category);
    CHECK(rare.seen);
    CHECK(rare.below == 0);
    CHECK(rare.t == 2);
    CHECK(h.standing(1, AccountForm::Category).below == Approx(1).margin(.01));
    CHECK_FALSE(h.standing(3, AccountForm::Category).seen);
}

TEST_CASE("of numbers only larger ones are unseen") {
    Habit h;
    for (int day = 0; day < 4; ++day) h.add(5, 100 + day, 8);
    CHECK(h.standing(2, AccountForm::Upward).seen);
    CHECK(h.standing(2, AccountForm::Upward).below == Approx(4).margin(.2));
    CHECK(h.standing(5, AccountForm::Upward).seen);
    CHECK_FALSE(h.standing(6, AccountForm::Upward).seen);
}

TEST_CASE("parts of the week lend half to their neighbours, within the same kind of day") {
    Habit h;
    h.add(4, 100, 8);
    CHECK(h.standing(3, AccountForm::Circle).seen);
    CHECK(h.standing(5, AccountForm::Circle).seen);
    CHECK_FALSE(h.standing(6, AccountForm::Circle).seen);
    CHECK_FALSE(h.standing(12, AccountForm::Circle).seen);
    h.add(8, 100, 8);  // the last of the day lies beside the first
    CHECK(h.standing(1, AccountForm::Circle).seen);
    CHECK_FALSE(h.standing(9, AccountForm::Circle).seen);
}
