# A public CSV suite, fetched from npm's registry; left out where that cannot be reached.
add_test(NAME public.csv_spectrum COMMAND ${CMAKE_CURRENT_LIST_DIR}/compare_spectrum $<TARGET_FILE:rollcall>)
set_tests_properties(public.csv_spectrum PROPERTIES LABELS public TIMEOUT 300 SKIP_RETURN_CODE 77)
