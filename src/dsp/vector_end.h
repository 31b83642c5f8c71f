// The end of a body that was included for one kind of vector.
#undef VECTOR
#undef WIDTH
#undef LOAD
#undef STORE
#undef ALL
#undef LESS
#undef MORE
#undef PLUS
#undef MINUS
#undef TIMES
#undef REVERSED
#undef STORE_PAIRS
#undef LOAD_PAIRS
#undef STORE_FOURS
#undef TARGET
#undef NAME
