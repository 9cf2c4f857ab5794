# One interface target carries the warnings, the hardening and the sanitizers for everything we compile.
add_library(rollcall_flags INTERFACE)
target_compile_options(rollcall_flags INTERFACE
  -Wall -Wextra -Wconversion -Wshadow -Werror -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla
  -fstack-protector-strong -fno-strict-aliasing
  $<$<C_COMPILER_ID:Clang>:-Wno-format-nonliteral>) # our wrappers carry the format attribute; gcc sees through them
target_include_directories(rollcall_flags INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
target_compile_definitions(rollcall_flags INTERFACE _GNU_SOURCE ROLLCALL_VERSION="${PROJECT_VERSION}")
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
# Assertions stay in what we ship: a broken invariant must stop a run before it writes to accounts.
string(REPLACE "-DNDEBUG" "" CMAKE_C_FLAGS_RELWITHDEBINFO "${CMAKE_C_FLAGS_RELWITHDEBINFO}")
string(REPLACE "-DNDEBUG" "" CMAKE_C_FLAGS_RELEASE "${CMAKE_C_FLAGS_RELEASE}")

if(ROLLCALL_SANITIZE)
  target_compile_options(rollcall_flags INTERFACE -fsanitize=${ROLLCALL_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  target_link_options(rollcall_flags INTERFACE -fsanitize=${ROLLCALL_SANITIZE})
else()
  target_link_options(rollcall_flags INTERFACE -pie -Wl,-z,relro,-z,now)
  if(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
    target_compile_options(rollcall_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
  endif()
endif()
if(ROLLCALL_FUZZ)
  target_compile_options(rollcall_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(ROLLCALL_COVERAGE)
  target_compile_options(rollcall_flags INTERFACE --coverage -fprofile-update=atomic)
  target_link_options(rollcall_flags INTERFACE --coverage)
endif()
