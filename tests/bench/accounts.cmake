add_test(NAME account_takeovers
  COMMAND "${Python3_EXECUTABLE}" -B "${CMAKE_CURRENT_SOURCE_DIR}/account_takeovers.py" "$<TARGET_FILE:kith>")
set_tests_properties(account_takeovers PROPERTIES LABELS bench TIMEOUT 600)
add_executable(account_past account_past.cpp)
target_include_directories(account_past PRIVATE "${PROJECT_SOURCE_DIR}")
target_link_libraries(account_past PRIVATE kith::admin nlohmann_json::nlohmann_json)
add_test(NAME account_hunt_rate
  COMMAND "${Python3_EXECUTABLE}" -B "${CMAKE_CURRENT_SOURCE_DIR}/account_hunt_rate.py" "$<TARGET_FILE:account_past>" "$<TARGET_FILE:kith>")
set_tests_properties(account_hunt_rate PROPERTIES LABELS bench TIMEOUT 300 RUN_SERIAL ON)
