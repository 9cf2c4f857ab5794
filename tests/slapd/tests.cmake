# What a real OpenLDAP directory holds, through slapcat and ldapsearch.
add_test(NAME public.slapd COMMAND ${CMAKE_CURRENT_LIST_DIR}/compare_slapd $<TARGET_FILE:rollcall>)
set_tests_properties(public.slapd PROPERTIES LABELS public TIMEOUT 600 SKIP_RETURN_CODE 77)
find_program(SLAPD slapd PATHS /usr/sbin)
if(NOT SLAPD)
  rollcall_left_out("public.slapd: slapd is missing (apt-get install slapd ldap-utils python3-ldap)")
endif()
