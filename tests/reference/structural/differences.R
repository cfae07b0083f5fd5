# Scaled differences of lavaan: python cases.py FOLDER; Rscript differences.R FOLDER > differences.json
suppressMessages(library(lavaan))
folder <- commandArgs(TRUE)[1]
fitted <- function(file, data, ...) suppressWarnings(lavaan(
  paste(readLines(file), collapse = "\n"), data, ..., estimator = "MLR", meanstructure = TRUE,
  int.ov.free = FALSE, missing = "ml", fixed.x = FALSE, em.h1.tol = 1e-9, em.h1.iter.max = 5000L,
  optim.force.converged = TRUE, control = list(rel.tol = 1e-14, iter.max = 20000, eval.max = 40000)))
out <- sapply(list.files(folder, pattern = "[.]smaller$", full.names = TRUE), function(file) {
  data <- read.csv(sub("smaller$", "csv", file))
  # Observed information of the larger model is not definite at every smaller one's estimates;
  # lavaan's factor is then below zero, by expected information it is not.
  told <- sapply(c("observed", "expected"), function(kind) {
    smaller <- fitted(file, data, information = c(kind, kind))
    larger <- fitted(sub("smaller$", "larger", file), data, information = c(kind, kind))
    test <- suppressWarnings(lavTestLRT(larger, smaller, method = "satorra.bentler.2010"))
    sprintf('"%s": %.12g', kind, test[["Chisq diff"]][2])
  })
  paste0("{", paste(told, collapse = ", "), "}")
})
names <- sub("[.]smaller$", "", basename(names(out)))
cat("{", paste0('"', names, '": ', out, collapse = ",\n "), ',\n "version": "lavaan ',
    as.character(packageVersion("lavaan")), '"}\n', sep = "")
