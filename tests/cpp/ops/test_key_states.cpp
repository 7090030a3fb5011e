#include <headrace/ops/join/key_states.hpp>

#include "catch.hpp"

using headrace::ops::KeyStates;

TEST_CASE("a state is made when its key first comes, and found by its bytes") {
  KeyStates<int> states;
  CHECK(states.find("a") == nullptr);
  states.at("b").second = 2;
  states.at("a").second = 1;
  CHECK(states.at("b").second == 2);
  CHECK(states.find("a")->second == 1);
  CHECK(states.size() == 2);
  CHECK(states.sorted()[0]->first == "a");
  states.erase(*states.find("a"));
  CHECK(states.find("a") == nullptr);
}

TEST_CASE("states of no use go when their number has doubled") {
  KeyStates<int> states;
  const auto sweep = [&states] {
    states.sweep([&states] { return states.size(); }, [](int& state) { return state == 0; });
  };
  for (int i = 0; i < 100; ++i) states.at(std::to_string(i)).second = i % 2;
  sweep();
  CHECK(states.size() == 100);  // so few are not worth the look
  for (int i = 0; i < 20'000; ++i) states.at(std::to_string(i)).second = i % 2;
  sweep();
  CHECK(states.size() == 10'000);
  for (int i = 0; i < 10'000; ++i) states.at("x" + std::to_string(i)).second = 0;
  sweep();
  CHECK(states.size() == 10'000);
}

TEST_CASE("an entry stays where it is while others come and go") {
  KeyStates<int> states;
  auto* const entry = &states.at("stays");
  entry->second = 1;
  for (int i = 0; i < 50'000; ++i) (void)states.at(std::to_string(i));
  states.sweep([&states] { return states.size(); }, [](int& state) { return state == 0; });
  CHECK(states.size() == 1);
  CHECK(states.find("stays") == entry);
}
