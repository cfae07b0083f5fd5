# Path models of data.csv with lavaan: Rscript lavaan.R, in this folder; writes values.csv.
suppressMessages(library(lavaan))
d <- read.csv("data.csv")
models <- list(
  one = "m1 ~ a*x + c\n y ~ b*m1 + direct*x + c\n indirect := a*b\n total := direct + a*b",
  parallel = "m1 ~ a1*x + c\n m2 ~ a2*x + c\n m1 ~~ m2\n
    y ~ b1*m1 + b2*m2 + direct*x + c\n indirect := a1*b1 + a2*b2",
  serial = "m1 ~ a1*x + c\n m2 ~ a2*x + d*m1 + c\n
    y ~ b1*m1 + b2*m2 + direct*x + c\n indirect := a1*b1 + a2*b2 + a1*d*b2"
)
rows <- c("model,name,value")
for (name in names(models)) {
  fit <- sem(models[[name]], d, fixed.x = TRUE, control = list(rel.tol = 1e-14))
  p <- parameterEstimates(fit)
  p <- p[p$label != "", ]
  rows <- c(rows, sprintf("%s,%s,%.12g", name, p$label, p$est))
  rows <- c(rows, sprintf("%s,log_likelihood,%.12g", name, as.numeric(logLik(fit))))
}
writeLines(c(rows, sprintf("version,lavaan,%s", packageVersion("lavaan"))), "values.csv")
