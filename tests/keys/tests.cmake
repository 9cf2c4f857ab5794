add_test(NAME unit.keys_tested COMMAND python3 ${CMAKE_CURRENT_LIST_DIR}/check.py ${CMAKE_SOURCE_DIR})
set_tests_properties(unit.keys_tested PROPERTIES LABELS unit TIMEOUT 60)
add_test(NAME unit.codes_tested COMMAND python3 ${CMAKE_CURRENT_LIST_DIR}/codes.py ${CMAKE_SOURCE_DIR})
set_tests_properties(unit.codes_tested PROPERTIES LABELS unit TIMEOUT 60)
