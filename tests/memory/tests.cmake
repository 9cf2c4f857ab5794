# A sanitizer keeps what was freed, so the figure means something without one only.
if(NOT ROLLCALL_SANITIZE)
  add_test(NAME memory.read COMMAND ${CMAKE_CURRENT_LIST_DIR}/peak_read $<TARGET_FILE:rollcall>)
  set_tests_properties(memory.read PROPERTIES LABELS long TIMEOUT 600)
endif()
