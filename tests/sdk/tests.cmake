# The providers' own clients, fetched from npm's registry; left out where that cannot be reached. Once is enough: the
# simulator meets the sanitizers in every other test.
if(TARGET rollcall-simulator AND NOT ROLLCALL_SANITIZE)
  add_test(NAME public.provider_sdks COMMAND ${CMAKE_CURRENT_LIST_DIR}/run_life_cycle $<TARGET_FILE:rollcall-simulator>
    ${CMAKE_BINARY_DIR}/sdk)
  set_tests_properties(public.provider_sdks PROPERTIES LABELS public TIMEOUT 600 SKIP_RETURN_CODE 77)
endif()
