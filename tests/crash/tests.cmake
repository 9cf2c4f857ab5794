# Ends and disturbs the real program from outside and looks at what the next run makes of it; see README.md. These are short
# forms: scripts/soak runs the long ones.
if(PYTHON3 AND CMAKE_SYSTEM_NAME STREQUAL "Linux" AND TARGET rollcall-simulator)
  add_library(rollcall_stop_shim MODULE ${CMAKE_CURRENT_LIST_DIR}/stop_shim.c)
  target_link_libraries(rollcall_stop_shim PRIVATE ${CMAKE_DL_LIBS})
  set_target_properties(rollcall_stop_shim PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  add_library(rollcall_alloc_shim MODULE ${CMAKE_CURRENT_LIST_DIR}/alloc_shim.c)
  target_link_libraries(rollcall_alloc_shim PRIVATE ${CMAKE_DL_LIBS})
  if(ROLLCALL_COVERAGE)
    target_compile_definitions(rollcall_alloc_shim PRIVATE UNTIL_MAIN_ENDS)
  endif()
  set_target_properties(rollcall_alloc_shim PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  add_library(rollcall_call_shim MODULE ${CMAKE_CURRENT_LIST_DIR}/call_shim.c)
  target_include_directories(rollcall_call_shim PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(rollcall_call_shim PRIVATE ${CMAKE_DL_LIBS})
  set_target_properties(rollcall_call_shim PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  set(here ${CMAKE_CURRENT_LIST_DIR})
  set(shim $<TARGET_FILE:rollcall_stop_shim>)
  foreach(p huawei alibaba)
    add_test(NAME crash.steps.${p}.first
      COMMAND ${PYTHON3} ${here}/steps.py ${CMAKE_BINARY_DIR} ${shim} --provider ${p} --night first --every 41 --from 5)
    add_test(NAME crash.steps.${p}.later
      COMMAND ${PYTHON3} ${here}/steps.py ${CMAKE_BINARY_DIR} ${shim} --provider ${p} --night later --every 29 --from 3)
    add_test(NAME crash.kills.${p}
      COMMAND ${PYTHON3} ${here}/kill_loop.py ${CMAKE_BINARY_DIR} --provider ${p} --kills 8)
    add_test(NAME crash.faults.${p}
      COMMAND ${PYTHON3} ${here}/faults.py ${CMAKE_BINARY_DIR} --provider ${p} --part 1/17)
    list(APPEND crash_tests crash.steps.${p}.first crash.steps.${p}.later crash.kills.${p} crash.faults.${p})
  endforeach()
  add_test(NAME crash.local
    COMMAND ${PYTHON3} ${here}/local.py ${CMAKE_BINARY_DIR} ${shim} --every 29 --damages 3)
  list(APPEND crash_tests crash.local)
  add_test(NAME crash.allocs
    COMMAND ${PYTHON3} ${here}/allocs.py ${CMAKE_BINARY_DIR} $<TARGET_FILE:rollcall_alloc_shim> --every 1999 --from 3)
  list(APPEND crash_tests crash.allocs)
  if(CMAKE_SIZEOF_VOID_P EQUAL 8 AND NOT ROLLCALL_SANITIZE) # a sanitizer has calls of its own between
    add_test(NAME crash.calls
      COMMAND ${PYTHON3} ${here}/calls.py ${CMAKE_BINARY_DIR} $<TARGET_FILE:rollcall_call_shim> --every 29 --from 3)
    list(APPEND crash_tests crash.calls)
  endif()
  if(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo" AND NOT ROLLCALL_SANITIZE)
    add_test(NAME crash.hardening COMMAND ${PYTHON3} ${here}/hardening.py $<TARGET_FILE:rollcall>)
    list(APPEND crash_tests crash.hardening)
  endif()
  set_tests_properties(${crash_tests} PROPERTIES LABELS crash TIMEOUT 600)
else()
  rollcall_left_out("crash tests: python3 on Linux and the simulator are needed")
endif()
