# The sources that decide results. Everything below sim/, models/ and tools/ does, except for rooms
# of tools/ that only ask, keep and show: a new room decides until it is named here.
set(DECIDING "^(sim|models|tools)/.*\\.(h|cpp)$|^scenarios/profiles/.*\\.yaml$")
set(APART "^tools/(calibration|cli|experiments|python|results)/")
# Of those rooms, what makes the kept numbers of a run out of its results.
set(KEEPING "^tools/(experiments/(run_record|sweep_run)|results/(series|csv))\\.")

# Leaves those names in the list `names` that decide, sorted.
macro(keep_deciding names)
  set(keeping ${${names}})
  list(FILTER keeping INCLUDE REGEX ${KEEPING})
  list(FILTER ${names} INCLUDE REGEX ${DECIDING})
  list(FILTER ${names} EXCLUDE REGEX ${APART})
  list(APPEND ${names} ${keeping})
  list(SORT ${names})
endmacro()
