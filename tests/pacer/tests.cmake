# rollcall-pacer: the controller behind the pacing simulator's line protocol.
add_executable(rollcall-pacer ${CMAKE_CURRENT_LIST_DIR}/rollcall_pacer.c)
target_link_libraries(rollcall-pacer PRIVATE rollcall_flags rollcall_engine)
set_target_properties(rollcall-pacer PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
add_test(NAME pacer.line_protocol COMMAND ${CMAKE_CURRENT_LIST_DIR}/line_protocol $<TARGET_FILE:rollcall-pacer>)
