# States that earlier versions left behind; see golden.py.
if(PYTHON3)
  add_test(NAME e2e.golden COMMAND ${PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/golden.py ${CMAKE_BINARY_DIR})
  set_tests_properties(e2e.golden PROPERTIES LABELS e2e TIMEOUT 600)
  if(TARGET rollcall_stop_shim)
    add_test(NAME crash.migration
      COMMAND ${PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/golden.py ${CMAKE_BINARY_DIR} $<TARGET_FILE:rollcall_stop_shim>)
    set_tests_properties(crash.migration PROPERTIES LABELS crash TIMEOUT 600)
  endif()
endif()
