# A year of nights from one seed. The small form runs always, the whole year and more seeds with the long ones.
if(TARGET rollcall_test_helpers AND TARGET rollcall_simulator_lib)
  file(GLOB YEAR_FILES CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.c)
  add_executable(year ${YEAR_FILES} ${PROJECT_SOURCE_DIR}/tests/world/world_child.c
    ${PROJECT_SOURCE_DIR}/tests/world/world_provider.c)
  target_link_libraries(year PRIVATE rollcall_flags rollcall_test_helpers rollcall_engine rollcall_simulator_lib
    PkgConfig::CMOCKA)
  set_target_properties(year PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  set(year_small 1 60 365)
  if(ROLLCALL_SANITIZE)
    set(year_small 1 40 60)
  endif()
  add_test(NAME year.small COMMAND year ${year_small})
  set_tests_properties(year.small PROPERTIES LABELS e2e TIMEOUT 900)
  foreach(seed RANGE 1 20)
    add_test(NAME year.${seed} COMMAND year ${seed} 5000 365)
    set_tests_properties(year.${seed} PROPERTIES LABELS "e2e;long" TIMEOUT 36000)
  endforeach()
endif()
