# Many people over many servers: a small one each time, the size of a company as a long test.
find_program(PYTHON3 python3)
if(PYTHON3)
  set(POOL_SCALE ${CMAKE_CURRENT_LIST_DIR}/pool_scale.py)
  add_test(NAME e2e.pool_scale COMMAND ${PYTHON3} ${POOL_SCALE} ${CMAKE_BINARY_DIR})
  set_tests_properties(e2e.pool_scale PROPERTIES LABELS e2e TIMEOUT 300)
  add_test(NAME e2e.pool_scale_95000 COMMAND ${PYTHON3} ${POOL_SCALE} ${CMAKE_BINARY_DIR} --people 95000 --servers 200
    --seats 500 --instances 4 --unreachable 60s)
  set_tests_properties(e2e.pool_scale_95000 PROPERTIES LABELS "e2e;long" TIMEOUT 3600)
endif()
