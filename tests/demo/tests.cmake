# The demo as a user types it, on fewer people and with this build.
find_package(Python3 COMPONENTS Interpreter)
find_program(OPENSSL_PROGRAM openssl)
if(Python3_FOUND AND OPENSSL_PROGRAM)
  add_test(NAME e2e.demo COMMAND ${CMAKE_SOURCE_DIR}/scripts/demo)
  set_tests_properties(e2e.demo PROPERTIES LABELS e2e TIMEOUT 300
    ENVIRONMENT "DEMO_ROWS=500;DEMO_BUILD=${CMAKE_BINARY_DIR};DEMO_DIR=${CMAKE_BINARY_DIR}/tests/demo-run")
else()
  rollcall_left_out("the demo: python3 or openssl is missing (apt-get install python3 openssl)")
endif()
