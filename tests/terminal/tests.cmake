add_test(NAME e2e.terminal COMMAND python3 ${CMAKE_CURRENT_LIST_DIR}/check.py ${CMAKE_BINARY_DIR})
set_tests_properties(e2e.terminal PROPERTIES LABELS e2e TIMEOUT 300)
