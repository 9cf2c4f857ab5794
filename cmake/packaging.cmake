# What `cmake --install` and the Debian package bring besides the programs: man pages, completions, units, documents.
set(doc ${CMAKE_INSTALL_DOCDIR})
set(pages rollcall.1 rollcall-simulator.1 rollcall.conf.5)
find_program(GZIP_PROGRAM gzip)
foreach(page IN LISTS pages)
  string(REGEX REPLACE "^.*\\." "" section ${page})
  set(source ${CMAKE_SOURCE_DIR}/docs/man/${page})
  if(GZIP_PROGRAM)
    add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/man/${page}.gz
      COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/man
      COMMAND ${GZIP_PROGRAM} -9nc ${source} > ${CMAKE_BINARY_DIR}/man/${page}.gz
      DEPENDS ${source} VERBATIM)
    list(APPEND packed_pages ${CMAKE_BINARY_DIR}/man/${page}.gz)
    install(FILES ${CMAKE_BINARY_DIR}/man/${page}.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
  else()
    install(FILES ${source} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
  endif()
endforeach()
add_custom_target(man ALL DEPENDS ${packed_pages})

install(FILES scripts/completions/rollcall.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME rollcall)
install(FILES scripts/completions/_rollcall DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES scripts/completions/rollcall.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)

# Units name the program by its full path.
foreach(unit rollcall@.service rollcall@.timer)
  configure_file(packaging/${unit} ${CMAKE_BINARY_DIR}/units/${unit} @ONLY)
  install(FILES ${CMAKE_BINARY_DIR}/units/${unit} DESTINATION lib/systemd/system)
endforeach()

file(GLOB documents ${CMAKE_SOURCE_DIR}/docs/*.md)
install(FILES README.md CHANGELOG.md ${documents} DESTINATION ${doc})

# cpack -G DEB in the build directory.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME rollcall)
set(CPACK_PACKAGE_CONTACT "rollcall maintainers <maintainers@rollcall.example.org>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "makes VPN accounts equal to the list of people")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"rollcall reads HR exports (CSV or LDIF), compares them with what it confirmed
last time, and creates, updates and removes user accounts at Huawei Cloud P2C
VPN and Alibaba Cloud Smart Access Gateway until both are equal, with guards,
 adaptive pacing and a report that accounts for every person.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# libcurl is loaded and not linked (engine/net/curl_late.h), so shlibdeps does not see it. Its package has more than one
# name; from 7.85 on it knows all options that are set.
find_program(DPKG_QUERY_PROGRAM dpkg-query)
if(DPKG_QUERY_PROGRAM)
  execute_process(COMMAND ${DPKG_QUERY_PROGRAM} -S */libcurl.so.4 OUTPUT_VARIABLE libcurl_owner ERROR_QUIET)
  if(libcurl_owner MATCHES "^(libcurl[^:, ]*)[:,]")
    set(CPACK_DEBIAN_PACKAGE_DEPENDS "${CMAKE_MATCH_1} (>= 7.85)")
  endif()
endif()
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "ca-certificates, openssl")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_SOURCE_DIR}/packaging/stage.cmake)
set(CPACK_ROLLCALL_SOURCE ${CMAKE_SOURCE_DIR})
set(CPACK_ROLLCALL_BINDIR ${CMAKE_INSTALL_FULL_BINDIR})
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_SOURCE_DIR}/packaging/postinst ${CMAKE_SOURCE_DIR}/packaging/postrm)
include(CPack)
