# Runs on the staged tree before the Debian package is made of it: what differs from `cmake --install`.
set(tree ${CPACK_TEMPORARY_INSTALL_DIRECTORY})

# Debian 12 keeps units below /lib, and the package lives in /usr whatever prefix the build was configured with.
file(GLOB units ${tree}/usr/lib/systemd/system/*)
file(MAKE_DIRECTORY ${tree}/lib/systemd/system)
foreach(unit IN LISTS units)
  file(READ ${unit} text)
  string(REPLACE "ExecStart=${CPACK_ROLLCALL_BINDIR}/" "ExecStart=/usr/bin/" text "${text}")
  get_filename_component(name ${unit} NAME)
  file(WRITE ${tree}/lib/systemd/system/${name} "${text}")
  file(CHMOD ${tree}/lib/systemd/system/${name} PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
endforeach()
file(REMOVE_RECURSE ${tree}/usr/lib)

set(doc ${tree}/usr/share/doc/rollcall)
file(COPY ${CPACK_ROLLCALL_SOURCE}/packaging/copyright DESTINATION ${doc}
  FILE_PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
execute_process(COMMAND gzip -9nc ${CPACK_ROLLCALL_SOURCE}/packaging/changelog OUTPUT_FILE ${doc}/changelog.gz
  COMMAND_ERROR_IS_FATAL ANY)
file(CHMOD ${doc}/changelog.gz PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)

# Configs, and the files that the unit hands on as credentials.
file(MAKE_DIRECTORY ${tree}/etc/rollcall/secrets)
file(CHMOD ${tree}/etc/rollcall/secrets DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
foreach(dir etc etc/rollcall lib lib/systemd lib/systemd/system)
  file(CHMOD ${tree}/${dir} DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ
    WORLD_EXECUTE)
endforeach()
