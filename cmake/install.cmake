# What `cmake --install` puts where; packages are made from it.
include(GNUInstallDirs)
if(TARGET algalon)
  install(TARGETS algalon RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(FILES README.md LICENSE THIRD-PARTY.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES rules/gpu.yml rules/algalon.yml rules/energy.yml rules/bridge-dcgm.yml rules/bridge-all-smi.yml DESTINATION ${CMAKE_INSTALL_DATADIR}/algalon/rules)
# Pictures of dashboards from cron, and the way back of a migration.
install(PROGRAMS script/render deploy/rollback.sh DESTINATION ${CMAKE_INSTALL_DATADIR}/algalon)
if(TARGET nvml-sim)
  install(TARGETS nvml-sim LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/algalon)
endif()
