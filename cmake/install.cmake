# What `cmake --install` puts where; packages are made from it.
include(GNUInstallDirs)
if(TARGET algalon)
  install(TARGETS algalon RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(FILES README.md LICENSE THIRD-PARTY.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
if(TARGET nvml-sim)
  install(TARGETS nvml-sim LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/algalon)
endif()
