# Included by CMakeLists.txt of this folder.
if(TARGET kith-milter)
  add_executable(milter_nothing milter_nothing.cpp)
  target_link_libraries(milter_nothing PRIVATE Milter::milter Threads::Threads)
  add_executable(milter_throughput milter_throughput.cpp ../protocol/milter_process.cpp ../support/fake_mta.cpp)
  target_include_directories(milter_throughput PRIVATE "${PROJECT_SOURCE_DIR}")
  target_link_libraries(milter_throughput PRIVATE kith::journal kith::features kith::scoring kith::base Threads::Threads)
  add_dependencies(milter_throughput kith-milter milter_nothing)
  add_executable(milter_rate milter_rate.cpp ../support/fake_mta.cpp)
  target_include_directories(milter_rate PRIVATE "${PROJECT_SOURCE_DIR}")
  target_link_libraries(milter_rate PRIVATE kith::base Threads::Threads)
  add_test(NAME milter_throughput COMMAND milter_throughput --messages 300)
  set_tests_properties(milter_throughput PROPERTIES
    LABELS bench TIMEOUT 300 RUN_SERIAL ON
    ENVIRONMENT "KITH_MILTER_PROGRAM=$<TARGET_FILE:kith-milter>;KITH_MILTER_NOTHING=$<TARGET_FILE:milter_nothing>")
endif()
