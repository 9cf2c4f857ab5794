# The operations handbook: its commands are run and print what it says.
add_test(NAME e2e.handbook COMMAND python3 ${CMAKE_CURRENT_LIST_DIR}/run.py ${CMAKE_BINARY_DIR} ${CMAKE_SOURCE_DIR}/docs/operations.md)
set_tests_properties(e2e.handbook PROPERTIES LABELS e2e TIMEOUT 600)
