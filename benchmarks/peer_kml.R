# Seconds of kml for trajectories in a CSV file without names: Rscript peer_kml.R wide.csv
suppressPackageStartupMessages(library(kml))
table <- as.matrix(read.csv(commandArgs(trailingOnly = TRUE)[1], header = FALSE, na.strings = "nan"))
set.seed(1)
data <- cld(table)
quiet <- parALGO(saveFreq = Inf)
spent <- system.time(capture.output(kml(data, nbClusters = 2:6, nbRedrawing = 20, parAlgo = quiet)))
cat("\n", spent[["elapsed"]], "\n")
