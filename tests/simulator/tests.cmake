find_package(Python3 COMPONENTS Interpreter)
if(TARGET rollcall-simulator AND Python3_FOUND)
  add_test(NAME e2e.simulator
    COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/e2e_test.py $<TARGET_FILE:rollcall-simulator>)
  set_tests_properties(e2e.simulator PROPERTIES LABELS e2e TIMEOUT 120)
endif()
