// The end of a body that was included for one kind of vector.
#undef VECTOR
#undef WIDTH
#undef LOAD
#undef STORE
#undef ALL
#undef LESS
#undef MORE
#undef PLUS
#undef TARGET
#undef NAME
