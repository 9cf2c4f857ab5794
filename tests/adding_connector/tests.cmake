# docs/adding-a-connector.md is compiled as it stands: each fenced block that names a file becomes that file in a tree of its
# own, which lies before the real one. Its registry and schemas replace the libraries' (archive members that nobody needs
# are not linked).
if(ROLLCALL_TESTS AND CMOCKA_FOUND)
  set(toy_page ${CMAKE_SOURCE_DIR}/docs/adding-a-connector.md)
  set(toy_root ${CMAKE_BINARY_DIR}/adding_connector)
  file(GLOB_RECURSE toy_shipped CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/schemas/*.json)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${toy_page} ${toy_shipped}
    ${CMAKE_SOURCE_DIR}/connectors/providers.h)
  set(toy_files schemas/targets/toy-vpn.json connectors/toy/errors.c connectors/toy/toy.h connectors/toy/encode.c
    connectors/toy/encode.h connectors/toy/toy.c tests/unit/test_conn_toy.c)
  file(READ ${toy_page} toy_text)
  foreach(f IN LISTS toy_files)
    string(FIND "${toy_text}" " ${f}\n" at)
    if(at EQUAL -1)
      message(FATAL_ERROR "${toy_page} has no block for ${f}")
    endif()
    string(LENGTH " ${f}\n" n)
    math(EXPR at "${at} + ${n}")
    string(SUBSTRING "${toy_text}" ${at} -1 rest)
    string(FIND "${rest}" "\n```" n)
    string(SUBSTRING "${rest}" 0 ${n} block)
    file(CONFIGURE OUTPUT ${toy_root}/${f} CONTENT "${block}\n" @ONLY)
  endforeach()
  file(READ ${CMAKE_SOURCE_DIR}/connectors/providers.h toy_list)
  string(REPLACE "X(rc_huawei_p2c_vpn)" "X(rc_huawei_p2c_vpn) X(rc_toy_vpn)" toy_list "${toy_list}")
  file(CONFIGURE OUTPUT ${toy_root}/connectors/providers.h CONTENT "${toy_list}" @ONLY)
  file(COPY ${CMAKE_SOURCE_DIR}/schemas/ DESTINATION ${toy_root}/schemas FILES_MATCHING PATTERN "*.json")

  file(GLOB_RECURSE toy_schemas ${toy_root}/schemas/*.json)
  set(toy_embedded ${toy_root}/embedded_schemas.c)
  add_custom_command(OUTPUT ${toy_embedded}
    COMMAND ${CMAKE_COMMAND} -DTABLE=rc_embedded_schemas -DOUT=${toy_embedded} -DROOT=${toy_root}/schemas "-DFILES=${toy_schemas}"
            -P ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${toy_schemas} ${CMAKE_SOURCE_DIR}/cmake/embed.cmake VERBATIM)
  add_executable(test_adding_a_connector ${toy_root}/tests/unit/test_conn_toy.c ${toy_root}/connectors/toy/errors.c
    ${toy_root}/connectors/toy/encode.c ${toy_root}/connectors/toy/toy.c ${toy_embedded}
    ${CMAKE_SOURCE_DIR}/connectors/registry.c ${CMAKE_SOURCE_DIR}/tests/unit/helper_conn.c)
  target_include_directories(test_adding_a_connector BEFORE PRIVATE ${toy_root})
  target_link_libraries(test_adding_a_connector PRIVATE rollcall_flags rollcall_engine PkgConfig::CMOCKA)
  set_target_properties(test_adding_a_connector PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  add_test(NAME unit.adding_a_connector COMMAND test_adding_a_connector)
  set_tests_properties(unit.adding_a_connector PROPERTIES LABELS unit TIMEOUT 60)
endif()
