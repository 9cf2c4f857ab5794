add_test(NAME unit.monitoring COMMAND python3 ${CMAKE_CURRENT_LIST_DIR}/check.py ${CMAKE_SOURCE_DIR})
set_tests_properties(unit.monitoring PROPERTIES LABELS unit TIMEOUT 300)
