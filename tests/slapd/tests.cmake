# What a real OpenLDAP directory holds, through slapcat and ldapsearch.
add_test(NAME slapd.compare COMMAND ${CMAKE_CURRENT_LIST_DIR}/compare_slapd $<TARGET_FILE:rollcall>)
set_tests_properties(slapd.compare PROPERTIES LABELS long TIMEOUT 600 SKIP_RETURN_CODE 77)
find_program(SLAPD slapd PATHS /usr/sbin)
if(NOT SLAPD)
  rollcall_left_out("slapd.compare: slapd is missing (apt-get install slapd ldap-utils)")
endif()
