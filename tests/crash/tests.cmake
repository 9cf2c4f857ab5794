# Ends and disturbs the real program from outside and looks at what the next run makes of it; see README.md.
if(PYTHON3 AND CMAKE_SYSTEM_NAME STREQUAL "Linux" AND TARGET rollcall-simulator)
  add_library(rollcall_stop_shim MODULE ${CMAKE_CURRENT_LIST_DIR}/stop_shim.c)
  target_link_libraries(rollcall_stop_shim PRIVATE ${CMAKE_DL_LIBS})
  set_target_properties(rollcall_stop_shim PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  set(steps ${PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/steps.py ${CMAKE_BINARY_DIR} $<TARGET_FILE:rollcall_stop_shim>)
  foreach(provider huawei alibaba)
    add_test(NAME crash.steps.${provider}.first COMMAND ${steps} --provider ${provider} --night first --every 29 --from 5)
    add_test(NAME crash.steps.${provider}.later COMMAND ${steps} --provider ${provider} --night later --every 19 --from 3)
    add_test(NAME crash.kills.${provider}
      COMMAND ${PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/kill_loop.py ${CMAKE_BINARY_DIR} --provider ${provider} --kills 10)
    set_tests_properties(crash.steps.${provider}.first crash.steps.${provider}.later crash.kills.${provider} PROPERTIES
      LABELS crash TIMEOUT 600)
  endforeach()
else()
  rollcall_left_out("crash tests: python3 on Linux and the simulator are needed")
endif()
