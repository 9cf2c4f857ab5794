# Nights whose exports are edited at random: what is recognised as unchanged must not hide anything.
if(Python3_Interpreter_FOUND AND TARGET rollcall-simulator)
  foreach(seed 1 2 3)
    add_test(NAME nights.${seed} COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/nights.py ${CMAKE_BINARY_DIR} ${seed})
    set_tests_properties(nights.${seed} PROPERTIES LABELS e2e TIMEOUT 900)
  endforeach()
endif()
