# The operations handbook: its commands are run and print what it says. What takes hours is run in virtual time.
if(TARGET rollcall-simulator AND TARGET rollcall_simulator_lib)
  add_executable(handbook-night ${CMAKE_CURRENT_LIST_DIR}/night.c ${PROJECT_SOURCE_DIR}/tests/world/world_child.c
    ${PROJECT_SOURCE_DIR}/tests/world/world_provider.c)
  target_link_libraries(handbook-night PRIVATE rollcall_flags rollcall_engine rollcall_simulator_lib)
  set_target_properties(handbook-night PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  add_test(NAME e2e.handbook COMMAND python3 ${CMAKE_CURRENT_LIST_DIR}/run.py ${CMAKE_BINARY_DIR} ${CMAKE_SOURCE_DIR}/docs/operations.md)
  set_tests_properties(e2e.handbook PROPERTIES LABELS e2e TIMEOUT 600)
endif()
