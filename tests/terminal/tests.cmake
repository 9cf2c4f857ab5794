# What somebody at a terminal sees and is asked, over a pseudo terminal.
add_test(NAME e2e.terminal COMMAND python3 ${CMAKE_CURRENT_LIST_DIR}/check.py ${CMAKE_BINARY_DIR})
set_tests_properties(e2e.terminal PROPERTIES LABELS e2e TIMEOUT 300)
if(PYTHON3 AND CMAKE_SYSTEM_NAME STREQUAL "Linux" AND TARGET rollcall-simulator)
  add_test(NAME e2e.prompts COMMAND ${PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/prompts.py ${CMAKE_BINARY_DIR})
  set_tests_properties(e2e.prompts PROPERTIES LABELS e2e TIMEOUT 300)
endif()
