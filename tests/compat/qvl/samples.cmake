# cmake -DMANIFEST=... -DOUT=... -P samples.cmake: copies the samples that ship with the dcap-qvl crate.
# Cargo knows where it keeps the crate's source, and fetches it when it is not there yet.
execute_process(COMMAND rustc --print host-tuple OUTPUT_VARIABLE host OUTPUT_STRIP_TRAILING_WHITESPACE
  COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND cargo metadata --format-version 1 --locked --filter-platform ${host}
  --manifest-path ${MANIFEST}
  OUTPUT_VARIABLE metadata COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCH "\"manifest_path\":\"([^\"]*)/dcap-qvl-[0-9.]+/Cargo.toml\"" found "${metadata}")
string(REGEX REPLACE "^\"manifest_path\":\"(.*)/Cargo.toml\"$" "\\1/sample" samples "${found}")
if(NOT IS_DIRECTORY "${samples}")
  message(FATAL_ERROR "cargo metadata names no dcap-qvl crate with samples")
endif()
file(REMOVE_RECURSE ${OUT})
file(GLOB files ${samples}/*)
file(COPY ${files} DESTINATION ${OUT})
file(TOUCH ${OUT}.stamp)
