# Every setting is used by a test (quick); and some test fails when the setting is ignored (long, with a build of its own).
add_test(NAME unit.keys_tested COMMAND python3 ${CMAKE_CURRENT_LIST_DIR}/check.py ${CMAKE_SOURCE_DIR})
set_tests_properties(unit.keys_tested PROPERTIES LABELS unit TIMEOUT 60)
add_test(NAME unit.codes_tested COMMAND python3 ${CMAKE_CURRENT_LIST_DIR}/codes.py ${CMAKE_SOURCE_DIR})
set_tests_properties(unit.codes_tested PROPERTIES LABELS unit TIMEOUT 60)
if(NOT ROLLCALL_MUTATE)
  add_test(NAME keys.missed_when_ignored COMMAND python3 ${CMAKE_CURRENT_LIST_DIR}/mutate.py ${CMAKE_BINARY_DIR}/mutate)
  set_tests_properties(keys.missed_when_ignored PROPERTIES LABELS long RUN_SERIAL ON TIMEOUT 36000)
endif()
