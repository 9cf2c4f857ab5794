# Whole runs in virtual time; see world.h.
if(TARGET rollcall_test_helpers AND TARGET rollcall_simulator_lib)
  file(GLOB WORLD_FILES CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.c)
  add_executable(rollcall-world ${WORLD_FILES})
  target_link_libraries(rollcall-world PRIVATE rollcall_flags rollcall_test_helpers rollcall_engine
    rollcall_simulator_lib)
  set_target_properties(rollcall-world PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  set(world_seeds 300)
  if(ROLLCALL_SANITIZE)
    set(world_seeds 24)
  endif()
  add_test(NAME world.soak COMMAND rollcall-world --seeds 1 ${world_seeds})
  set_tests_properties(world.soak PROPERTIES LABELS crash TIMEOUT 600)
endif()
