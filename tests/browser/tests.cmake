# report.html in a real browser. Without chromium the test is skipped; ROLLCALL_CHROMIUM names another one.
add_executable(report-sample ${CMAKE_CURRENT_LIST_DIR}/report_sample.c)
target_link_libraries(report-sample PRIVATE rollcall_flags rollcall_engine)
set_target_properties(report-sample PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
add_test(NAME browser.report COMMAND python3 ${CMAKE_CURRENT_LIST_DIR}/check_report.py
  $<TARGET_FILE:report-sample> ${CMAKE_BINARY_DIR}/browser)
set_tests_properties(browser.report PROPERTIES LABELS browser SKIP_RETURN_CODE 77 TIMEOUT 300)
