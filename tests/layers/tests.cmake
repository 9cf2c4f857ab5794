# The tree keeps scripts/layers.txt, and the check that says so notices what it must.
add_test(NAME unit.layers COMMAND ${CMAKE_SOURCE_DIR}/scripts/check-layers)
add_test(NAME unit.layers_self_test COMMAND ${CMAKE_CURRENT_LIST_DIR}/self_test ${CMAKE_SOURCE_DIR})
add_test(NAME unit.banned_calls COMMAND ${CMAKE_SOURCE_DIR}/scripts/check banned)
add_test(NAME unit.banned_calls_self_test COMMAND ${CMAKE_CURRENT_LIST_DIR}/banned_self_test ${CMAKE_SOURCE_DIR})
set_tests_properties(unit.layers unit.layers_self_test unit.banned_calls unit.banned_calls_self_test
  PROPERTIES LABELS unit TIMEOUT 60)
