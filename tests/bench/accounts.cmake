add_test(NAME account_takeovers
  COMMAND "${Python3_EXECUTABLE}" -B "${CMAKE_CURRENT_SOURCE_DIR}/account_takeovers.py" "$<TARGET_FILE:kith>")
set_tests_properties(account_takeovers PROPERTIES LABELS bench TIMEOUT 600)
