# Included by CMakeLists.txt of this folder.
add_executable(assess_bench assess_bench.cpp)
target_include_directories(assess_bench PRIVATE "${PROJECT_SOURCE_DIR}")
target_link_libraries(assess_bench PRIVATE kith::learner)
add_test(NAME assess_bench COMMAND assess_bench --small 100 --large 3000 --mails 300)
set_tests_properties(assess_bench PROPERTIES LABELS bench TIMEOUT 300 RUN_SERIAL ON)
