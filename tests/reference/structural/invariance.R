# Reference values of lavaan: python cases.py FOLDER; Rscript invariance.R FOLDER > invariance.json
suppressMessages(library(lavaan))
data <- read.csv(file.path(commandArgs(TRUE)[1], "items.csv"))
model <- "f =~ i1 + i2 + i3 + i4 + i5"
steps <- list(configural = "", metric = "loadings", scalar = c("loadings", "intercepts"))
values <- sapply(steps, function(equal) {
  fit <- cfa(model, data, group = "site", group.equal = equal, missing = "ml", estimator = "MLR",
             em.h1.tol = 1e-9, em.h1.iter.max = 5000L, optim.force.converged = TRUE, control = list(rel.tol = 1e-12))
  found <- fitMeasures(fit, c("logl", "npar", "chisq", "df", "cfi", "rmsea", "srmr", "chisq.scaling.factor"))
  paste0("{", paste0('"', names(found), '": ', sprintf("%.12g", found), collapse = ", "), "}")
})
cat(paste0('{"', names(values), '": ', collapse = NULL)[1], values[1], sep = "")
for (i in 2:3) cat(',\n "', names(values)[i], '": ', values[i], sep = "")
cat(',\n "version": "lavaan ', as.character(packageVersion("lavaan")), '"}\n', sep = "")
