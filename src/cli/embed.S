/* The contracts and the demo's guest are part of the program: one binary is all one needs. */
    .macro embed name, file
    .global alc_embedded_\name
    .global alc_embedded_\name\()_end
    .balign 16
alc_embedded_\name:
    .incbin "\file"
alc_embedded_\name\()_end:
    .byte 0
    .endm

    .section .rodata
    embed compute, ALC_COMPUTE_WASM
    embed register, ALC_REGISTER_WASM
    embed consumer, ALC_CONSUMER_WASM
    embed rain, ALC_RAIN_WASM
    .section .note.GNU-stack, "", %progbits
